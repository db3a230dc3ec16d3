package io.tagstream.cli.models;

import io.tagstream.job.EngineChoice;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.Evaluation;
import io.tagstream.model.training.Evaluator;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.settings.Printable;
import io.tagstream.settings.Progress;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tagstream model evaluate}: measures a version on labelled images. */
@Command(
    name = "evaluate",
    description = "Measure a version's accuracy on images in a folder for each class.")
final class EvaluateCommand implements Runnable {
  private static final int BATCH = 32;

  @Mixin private StoreOptions options = new StoreOptions();
  @Mixin private EngineChoice engineOption = new EngineChoice();
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "V", description = "The version.")
  private String version = "";

  @Option(
      names = "--images",
      required = true,
      paramLabel = "DIR",
      description = "A folder that contains a folder of images for each class.")
  private Path images = Path.of("");

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public void run() {
    Dataset dataset = FolderDataset.list(images);
    ModelBundle bundle = options.store().open(version);
    Views views = engineOption.views();
    int batch = Math.max(BATCH, views.count());
    Evaluation evaluation;
    try (LoadedModel model = engineOption.load(bundle);
        Engine engine = model.newEngine(batch);
        Progress progress =
            Progress.start(
                spec.commandLine().getErr(),
                "evaluating",
                "images",
                OptionalLong.of(dataset.images().size()))) {
      evaluation =
          new Evaluator(
                  bundle.preprocessing(), views, batch, Runtime.getRuntime().availableProcessors())
              .evaluate(
                  engine::probabilities, dataset, bundle.labels(), new ReadingProgress(progress));
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(json(evaluation));
    } else {
      print(out, evaluation);
    }
    out.flush();
  }

  private void print(PrintWriter out, Evaluation evaluation) {
    out.printf(
        Locale.ROOT,
        "%s on %d images of %s: top-1 %.1f %%, top-5 %.1f %%%n",
        version,
        evaluation.images(),
        Printable.of(images.toString()),
        100 * evaluation.top1(),
        100 * evaluation.top5());
    for (int i = 0; i < evaluation.labels().size(); i++) {
      List<Integer> row = evaluation.confusion().get(i);
      int all = row.stream().mapToInt(Integer::intValue).sum();
      if (all > 0) {
        out.printf(
            Locale.ROOT,
            "  %-20s %4d of %4d right%s%n",
            Printable.of(evaluation.labels().get(i)),
            row.get(i),
            all,
            mostMistaken(evaluation.labels(), row, i));
      }
    }
  }

  private static String mostMistaken(List<String> labels, List<Integer> row, int right) {
    int worst = -1;
    for (int i = 0; i < row.size(); i++) {
      if (i != right && row.get(i) > 0 && (worst < 0 || row.get(i) > row.get(worst))) {
        worst = i;
      }
    }
    return worst < 0
        ? ""
        : ", %d taken for %s".formatted(row.get(worst), Printable.of(labels.get(worst)));
  }

  private String json(Evaluation evaluation) {
    return JsonLine.of(
        object -> {
          object.writeStringField("version", version);
          object.writeNumberField("images", evaluation.images());
          object.writeNumberField("top1", evaluation.top1());
          object.writeNumberField("top5", evaluation.top5());
          object.writeArrayFieldStart("labels");
          for (String label : evaluation.labels()) {
            object.writeString(label);
          }
          object.writeEndArray();
          object.writeArrayFieldStart("confusion");
          for (List<Integer> row : evaluation.confusion()) {
            object.writeStartArray();
            for (int count : row) {
              object.writeNumber(count);
            }
            object.writeEndArray();
          }
          object.writeEndArray();
        });
  }
}
