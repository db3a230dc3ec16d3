package io.tagstream.cli.models;

import io.tagstream.model.store.ModelStore;
import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.model.training.LiveGate;
import io.tagstream.model.training.Quantizer;
import io.tagstream.settings.Progress;
import io.tagstream.settings.RetrainSettings;
import io.tagstream.settings.SettingsOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tagstream model quantize}: adds an 8-bit integer version of a version. */
@Command(
    name = "quantize",
    description = {
      "Add a version that computes with 8-bit integers and has a quarter of the size.",
      "It is a candidate until it is promoted. --engine onnxruntime computes with integers, deeplearning4j with the rounded weights."
    })
final class QuantizeCommand implements Runnable {
  @Mixin private StoreOptions options = new StoreOptions();
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "V", description = "The version to start from.")
  private String version = "";

  @Option(
      names = "--calibrate",
      required = true,
      paramLabel = "DIR",
      description = {
        "A folder of images like those on the topic. Four fifths of them calibrate the ranges of the activations.",
        "If they are in a folder for each class of V, the gate measures on the other fifth."
      })
  private Path images = Path.of("");

  @Mixin private SettingsOptions settings = new SettingsOptions();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public void run() {
    Dataset dataset = FolderDataset.listWithOrWithoutLabels(images);
    ModelStore store = options.store();
    Quantizer quantizer =
        new Quantizer(
            store,
            Runtime.getRuntime().availableProcessors(),
            new LiveGate(store, settings.load().get(RetrainSettings.class).minHeldOut()));
    Quantizer.Result result;
    try (Progress progress =
        Progress.start(spec.commandLine().getErr(), "quantizing", "images", OptionalLong.empty())) {
      result = quantizer.quantize(version, dataset, new ReadingProgress(progress));
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(json(result));
    } else {
      print(out, result);
    }
    out.flush();
  }

  private void print(PrintWriter out, Quantizer.Result result) {
    String made = result.bundle().version();
    out.printf(
        Locale.ROOT,
        "%s: %s with integers, calibrated on %d images%n",
        made,
        version,
        result.watched());
    if (result.compared() > 0) {
      out.printf(
          Locale.ROOT,
          "same class as %s for %d of %d held-out images, %.1f %%%n",
          version,
          result.agreeing(),
          result.compared(),
          100.0 * result.agreeing() / result.compared());
    }
    if (result.verdict().isPresent()) {
      new VerdictView(result.verdict().get()).print(out);
    } else {
      out.printf("no verdict  the folders of %s are not the labels of %s%n", images, version);
    }
    out.printf(
        "make it live with ./tagstream model promote %s --models %s%n",
        made, result.bundle().folder().getParent());
  }

  private String json(Quantizer.Result result) {
    return JsonLine.of(
        object -> {
          object.writeStringField("version", result.bundle().version());
          object.writeStringField("parent", version);
          object.writeNumberField("watched", result.watched());
          object.writeNumberField("compared", result.compared());
          object.writeNumberField("agreeing", result.agreeing());
          if (result.verdict().isPresent()) {
            object.writeObjectFieldStart("gate");
            new VerdictView(result.verdict().get()).write(object);
            object.writeEndObject();
          }
        });
  }
}
