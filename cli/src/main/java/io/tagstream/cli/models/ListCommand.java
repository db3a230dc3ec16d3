package io.tagstream.cli.models;

import io.tagstream.model.ModelException;
import io.tagstream.model.store.ModelMetadata;
import io.tagstream.model.store.ModelStore;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream model list}. */
@Command(name = "list", description = "List the versions, oldest first; * marks the live one.")
final class ListCommand implements Runnable {
  @Mixin private StoreOptions options = new StoreOptions();
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object a line.")
  private boolean json;

  @Override
  public void run() {
    ModelStore store = options.store();
    List<String> versions = store.versions();
    if (versions.isEmpty()) {
      // It says how to get one.
      throw new ModelException(noModel(store));
    }
    Optional<String> live = live(store);
    PrintWriter out = spec.commandLine().getOut();
    for (String version : versions) {
      ModelMetadata metadata = store.metadata(version);
      boolean isLive = live.equals(Optional.of(version));
      out.println(json ? json(metadata, isLive) : line(metadata, isLive));
    }
    out.flush();
  }

  private static String noModel(ModelStore store) {
    try {
      return store.live();
    } catch (ModelException e) {
      return e.getMessage();
    }
  }

  private static Optional<String> live(ModelStore store) {
    try {
      return Optional.of(store.live());
    } catch (ModelException noneIsLive) {
      return Optional.empty();
    }
  }

  private static String line(ModelMetadata metadata, boolean isLive) {
    String metrics =
        metadata.provenance().metrics().entrySet().stream()
            .map(metric -> ", %s %s".formatted(metric.getKey(), metricText(metric.getValue())))
            .collect(Collectors.joining());
    return "%s %s  %d classes%s  %s"
        .formatted(
            isLive ? "*" : " ",
            metadata.version(),
            metadata.network().classes(),
            metrics,
            metadata.provenance().how());
  }

  /** A count without decimals, a share of one with three. */
  static String metricText(double value) {
    return String.format(
        Locale.ROOT, value > 1 && value == Math.rint(value) ? "%.0f" : "%.3f", value);
  }

  private static String json(ModelMetadata metadata, boolean isLive) {
    return JsonLine.of(
        object -> {
          object.writeStringField("version", metadata.version());
          object.writeBooleanField("live", isLive);
          object.writeStringField("parent", metadata.parent().orElse(null));
          object.writeNumberField("classes", metadata.network().classes());
          object.writeStringField("time", metadata.provenance().time().toString());
          object.writeStringField("how", metadata.provenance().how());
          object.writeObjectFieldStart("metrics");
          for (Map.Entry<String, Double> metric : metadata.provenance().metrics().entrySet()) {
            object.writeNumberField(metric.getKey(), metric.getValue());
          }
          object.writeEndObject();
        });
  }
}
