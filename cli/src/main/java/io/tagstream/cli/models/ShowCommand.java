package io.tagstream.cli.models;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.model.network.LayerTable;
import io.tagstream.model.network.LocalResponseNormalization.Scope;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.report.TowerDiagram;
import io.tagstream.model.store.LiveAccuracyRecord.Score;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelMetadata;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import io.tagstream.model.training.TrainingResources;
import io.tagstream.settings.DataSize;
import io.tagstream.settings.DataSizeText;
import io.tagstream.settings.Printable;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tagstream model show}: describes one version. */
@Command(
    name = "show",
    description =
        "Verify a version and print its provenance, its accuracy, its layers and the memory of a training.")
final class ShowCommand implements Runnable {
  private static final String ROW = "%-8s %14s %14s %16s %14s%n";

  @Mixin private StoreOptions options = new StoreOptions();
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "V", description = "The version.")
  private String version = "";

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(
      names = "--diagram",
      paramLabel = "FILE",
      description = "Also draw the network's two towers, as SVG.")
  private Optional<Path> diagram = Optional.empty();

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      converter = DataSizeText.class,
      description = "Memory of a training, for the largest batch that fits (default: 3 GiB).")
  private DataSize memory = new DataSize(TrainingResources.PAPER_MEMORY);

  @Override
  public void run() {
    ModelStore store = options.store();
    ModelBundle bundle = store.open(version);
    ModelMetadata metadata = store.metadata(version);
    Optional<Score> live = Optional.ofNullable(store.liveAccuracy().versions().get(version));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(JsonLine.of(object -> write(object, bundle, metadata, live)));
    } else {
      print(out, bundle, metadata, live);
    }
    out.flush();
    diagram.ifPresent(file -> draw(bundle.network(), file));
  }

  private void draw(NetworkDescription network, Path file) {
    try {
      Files.writeString(file, TowerDiagram.svg(network));
    } catch (IllegalArgumentException e) {
      throw new UserException("%s cannot be drawn: %s".formatted(version, e.getMessage()), e);
    } catch (IOException e) {
      throw new UserException("cannot write %s: %s".formatted(file, e), e);
    }
  }

  private void print(
      PrintWriter out, ModelBundle bundle, ModelMetadata metadata, Optional<Score> live) {
    Provenance provenance = metadata.provenance();
    Preprocessing pixels = bundle.preprocessing();
    out.printf("version     %s%n", bundle.version());
    metadata.parent().ifPresent(parent -> out.printf("parent      %s%n", Printable.of(parent)));
    out.printf("made        %s, %s%n", provenance.time(), Printable.of(provenance.how()));
    provenance.images().ifPresent(images -> out.printf("images      %d%n", images));
    provenance.recipe().ifPresent(recipe -> out.printf("recipe      %s%n", Printable.of(recipe)));
    provenance
        .hyperParameters()
        .forEach(
            (name, value) -> out.printf("%-11s %s%n", Printable.of(name), Printable.of(value)));
    provenance.seed().ifPresent(seed -> out.printf("seed        %d%n", seed));
    out.printf(
        "made with   %s, %s, %s%n",
        Printable.of(provenance.library()),
        Printable.of(provenance.java()),
        Printable.of(provenance.processor()));
    provenance
        .metrics()
        .forEach((name, value) -> out.printf("%-11s %s%n", Printable.of(name), metricText(value)));
    metadata.verdict().ifPresent(verdict -> new VerdictView(verdict).print(out));
    live.ifPresent(score -> out.printf("live        %s labelled%n", ListCommand.liveText(score)));
    out.printf(
        "classes     %d%s: %s%n",
        bundle.labels().size(),
        Printable.of(provenance.classes().map(how -> ", " + how).orElse("")),
        Printable.of(shortened(bundle.labels())));
    provenance
        .endToEnd()
        .ifPresent(all -> out.printf("learned     %s%n", all ? "every layer" : "not every layer"));
    out.printf(
        "pixels      shorter side %d, crop %d, %s, (value * %s - %s) / %s%n",
        pixels.resize(),
        pixels.crop(),
        pixels.channelOrder(),
        pixels.scale(),
        pixels.mean(),
        pixels.deviation());
    bundle.network().convolutions().stream()
        .flatMap(layer -> layer.normalization().stream())
        .distinct()
        .forEach(
            lrn ->
                out.printf(
                    "lrn         n %d, k %s, alpha %s, beta %s, %s%n",
                    lrn.size(),
                    lrn.k(),
                    lrn.alpha(),
                    lrn.beta(),
                    lrn.scope() == Scope.ALL ? "over all maps" : "over each tower's maps"));
    out.printf("%n" + ROW, "layer", "shape", "parameters", "multiply-adds", "bytes");
    LayerTable table = LayerTable.of(bundle.network());
    for (LayerTable.Row row : table.rows()) {
      String shape =
          row.outputShape().stream().map(Object::toString).collect(Collectors.joining("x"));
      print(
          out, Printable.of(row.layer()), shape, row.parameters(), row.multiplyAdds(), row.bytes());
    }
    print(out, "total", "", table.parameters(), table.multiplyAdds(), table.bytes());
    new MemoryView(bundle.network(), memory).print(out);
    metadata.verdict().ifPresent(verdict -> new VerdictView(verdict).printClasses(out));
  }

  /** Counts have no decimals, shares three. */
  private static String metricText(double value) {
    return String.format(
        Locale.ROOT, value > 1 && value == Math.rint(value) ? "%.0f" : "%.3f", value);
  }

  private static void print(
      PrintWriter out, String layer, String shape, long parameters, long multiplyAdds, long bytes) {
    out.printf(ROW, layer, shape, grouped(parameters), grouped(multiplyAdds), grouped(bytes));
  }

  private void write(
      JsonGenerator object, ModelBundle bundle, ModelMetadata metadata, Optional<Score> live)
      throws IOException {
    Provenance provenance = metadata.provenance();
    object.writeStringField("version", bundle.version());
    ListCommand.writeFields(object, metadata, live);
    object.writeStringField("data", provenance.data().orElse(null));
    object.writeStringField("recipe", provenance.recipe().orElse(null));
    object.writeObjectFieldStart("hyperParameters");
    for (Map.Entry<String, String> parameter : provenance.hyperParameters().entrySet()) {
      object.writeStringField(parameter.getKey(), parameter.getValue());
    }
    object.writeEndObject();
    object.writeStringField("classesAre", provenance.classes().orElse(null));
    object.writeObjectField("endToEnd", provenance.endToEnd().orElse(null));
    object.writeObjectField("seed", provenance.seed().orElse(null));
    object.writeStringField("library", provenance.library());
    object.writeStringField("java", provenance.java());
    object.writeStringField("processor", provenance.processor());
    if (metadata.verdict().isPresent()) {
      object.writeObjectFieldStart("gate");
      new VerdictView(metadata.verdict().get()).write(object);
      object.writeEndObject();
    }
    object.writeArrayFieldStart("labels");
    for (String label : bundle.labels()) {
      object.writeString(label);
    }
    object.writeEndArray();
    object.writeArrayFieldStart("layers");
    for (LayerTable.Row row : LayerTable.of(bundle.network()).rows()) {
      object.writeStartObject();
      object.writeStringField("layer", row.layer());
      object.writeArrayFieldStart("shape");
      for (int size : row.outputShape()) {
        object.writeNumber(size);
      }
      object.writeEndArray();
      object.writeNumberField("parameters", row.parameters());
      object.writeNumberField("multiplyAdds", row.multiplyAdds());
      object.writeNumberField("bytes", row.bytes());
      object.writeEndObject();
    }
    object.writeEndArray();
    new MemoryView(bundle.network(), memory).write(object);
  }

  private static String grouped(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String shortened(List<String> labels) {
    int shown = Math.min(labels.size(), 10);
    return String.join(", ", labels.subList(0, shown)) + (shown < labels.size() ? ", …" : "");
  }
}
