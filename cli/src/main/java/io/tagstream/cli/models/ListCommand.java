package io.tagstream.cli.models;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.model.ModelException;
import io.tagstream.model.store.LiveAccuracyRecord;
import io.tagstream.model.store.LiveAccuracyRecord.Score;
import io.tagstream.model.store.ModelMetadata;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Provenance;
import io.tagstream.model.store.Verdict;
import io.tagstream.settings.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream model list}: lists the versions of a store. */
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
      // The store's message says how to add a version.
      throw new ModelException(noModel(store));
    }
    Optional<String> live = live(store, spec.commandLine().getErr());
    LiveAccuracyRecord accuracy = store.liveAccuracy();
    PrintWriter out = spec.commandLine().getOut();
    for (String version : versions) {
      ModelMetadata metadata = store.metadata(version);
      boolean isLive = live.equals(Optional.of(version));
      Optional<Score> score = Optional.ofNullable(accuracy.versions().get(version));
      out.println(
          json ? json(metadata, isLive, score) : Printable.of(line(metadata, isLive, score)));
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

  /** The live version. Without one, prints that, or what is wrong with the file that names it. */
  private static Optional<String> live(ModelStore store, PrintWriter err) {
    try {
      return Optional.of(store.live());
    } catch (ModelException e) {
      err.println(Printable.of(e.getMessage()));
      err.flush();
      return Optional.empty();
    }
  }

  private static String line(ModelMetadata metadata, boolean isLive, Optional<Score> live) {
    Provenance provenance = metadata.provenance();
    List<String> parts = new ArrayList<>();
    metadata.parent().ifPresent(parent -> parts.add("from " + parent));
    parts.add(provenance.time().toString());
    provenance.images().ifPresent(images -> parts.add("%d images".formatted(images)));
    parts.add("%d classes".formatted(metadata.network().classes()));
    heldOut(metadata)
        .ifPresent(
            scores ->
                parts.add(
                    "held-out top-1 %s, top-5 %s"
                        .formatted(Percent.text(scores.top1()), Percent.text(scores.top5()))));
    metadata.verdict().ifPresent(verdict -> parts.add(verdict.outcome().word()));
    live.ifPresent(score -> parts.add("live " + liveText(score)));
    if (provenance.images().isEmpty()) {
      // A version that was not trained, such as an imported one: where it comes from.
      parts.add(provenance.how());
    }
    return "%s %s  %s".formatted(isLive ? "*" : " ", metadata.version(), String.join(", ", parts));
  }

  /** Accuracy on held-out images, measured by the gate or, without a verdict, by the training. */
  static Optional<Verdict.Scores> heldOut(ModelMetadata metadata) {
    Map<String, Double> metrics = metadata.provenance().metrics();
    Optional<Verdict.Scores> measured =
        metrics.containsKey("top1") && metrics.containsKey("top5")
            ? Optional.of(new Verdict.Scores(metrics.get("top1"), metrics.get("top5")))
            : Optional.empty();
    return metadata.verdict().map(Verdict::candidate).or(() -> measured);
  }

  static String liveText(Score score) {
    return "%s of %d".formatted(Percent.text(score.accuracy()), score.total());
  }

  private static String json(ModelMetadata metadata, boolean isLive, Optional<Score> live) {
    return JsonLine.of(
        object -> {
          object.writeStringField("version", metadata.version());
          object.writeBooleanField("live", isLive);
          writeFields(object, metadata, live);
        });
  }

  /** The fields that {@code list} and {@code show} have in common. */
  static void writeFields(JsonGenerator object, ModelMetadata metadata, Optional<Score> live)
      throws IOException {
    Provenance provenance = metadata.provenance();
    object.writeStringField("parent", metadata.parent().orElse(null));
    object.writeStringField("time", provenance.time().toString());
    object.writeObjectField("images", provenance.images().orElse(null));
    object.writeNumberField("classes", metadata.network().classes());
    Optional<Verdict.Scores> scores = heldOut(metadata);
    object.writeObjectField("top1", scores.map(Verdict.Scores::top1).orElse(null));
    object.writeObjectField("top5", scores.map(Verdict.Scores::top5).orElse(null));
    object.writeStringField(
        "verdict", metadata.verdict().map(verdict -> verdict.outcome().word()).orElse(null));
    object.writeStringField("reason", metadata.verdict().map(Verdict::reason).orElse(null));
    object.writeFieldName("liveAccuracy");
    if (live.isPresent()) {
      Score score = live.get();
      object.writeStartObject();
      object.writeNumberField("right", score.right());
      object.writeNumberField("total", score.total());
      object.writeNumberField("accuracy", score.accuracy());
      object.writeEndObject();
    } else {
      object.writeNull();
    }
    object.writeStringField("how", provenance.how());
    object.writeObjectFieldStart("metrics");
    for (Map.Entry<String, Double> metric : provenance.metrics().entrySet()) {
      object.writeNumberField(metric.getKey(), metric.getValue());
    }
    object.writeEndObject();
  }
}
