package io.tagstream.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.local.TrainingView;
import io.tagstream.model.ablation.Ablation;
import io.tagstream.model.ablation.AblationFindings;
import io.tagstream.model.ablation.AblationFindings.Found;
import io.tagstream.model.ablation.AblationPlan;
import io.tagstream.model.ablation.AblationRun;
import io.tagstream.model.ablation.Variant;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.report.AblationPage;
import io.tagstream.model.report.AblationReport;
import io.tagstream.model.store.Provenance;
import io.tagstream.model.training.ExperimentImages;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.model.training.TrainingResources;
import io.tagstream.settings.Interruption;
import io.tagstream.settings.Progress;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream ablate}. */
@Command(
    name = "ablate",
    description = {
      "Train networks that differ in one idea of AlexNet's paper each, and compare them.",
      "It goes on where it was interrupted: what was trained lies in a folder beside --out."
    })
public final class AblateCommand implements Runnable {
  private static final int QUICK_EPOCHS = 30;
  private static final int FIGURE_EPOCHS = 40;
  private static final int TABLE_EPOCHS = 30;
  private static final String DEFAULT_WIDTH = "0.25";

  @Mixin StandardOptions standard = new StandardOptions();
  @Spec private CommandSpec spec;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "DIR",
      description = "A folder with a folder of images per class.")
  private Path images = Path.of("");

  @Option(
      names = "--validation",
      paramLabel = "DIR",
      description = "Measure on these images (default: a fifth of --images is held out).")
  private Optional<Path> validation = Optional.empty();

  @Option(
      names = "--quick",
      description = "Only ReLU against tanh, with one seed and one rate each: minutes.")
  private boolean quick;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "Trainings of each network (default: 3, with --quick 1).")
  private Optional<Integer> seeds = Optional.empty();

  @Option(
      names = "--width",
      paramLabel = "F",
      defaultValue = DEFAULT_WIDTH,
      description = {
        "Of the paper's maps and units each network has this share (default: ${DEFAULT-VALUE}).",
        "1 is the paper's network, which trains about eleven times as long as a quarter."
      })
  private double width;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description = "Passes over the images, for all trainings.")
  private Optional<Integer> epochs = Optional.empty();

  @Option(names = "--json", description = "Print one JSON object a training and a difference.")
  private boolean json;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "ablation.html",
      description = "The page with charts (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("");

  @Override
  public void run() {
    AblationPlan plan = plan();
    TrainingResources resources = TrainingResources.all();
    PrintWriter err = spec.commandLine().getErr();
    Instant started = Instant.now();
    try (Interruption signals = Interruption.listen(() -> {})) {
      ExperimentImages pictures = pictures(resources, signals::requested);
      err.printf(
          "%d trainings of %d epochs in all, width %s%n", plan.runs(), plan.epochs(), plan.width());
      AblationFindings findings;
      try (View view = new View(err, plan.epochs(), signals::requested)) {
        findings =
            new Ablation(pictures, plan, DirectTrainingStep::new, resources, kept(), view).run();
      }
      AblationReport report = report(findings, plan, pictures, started);
      Files.writeString(out, AblationPage.html(report));
      print(findings, report);
      err.printf("%s shows it%n", out);
      err.flush();
    } catch (CancellationException e) {
      throw new UserException(
          "interrupted: the same command goes on with the trainings that are not done", e);
    } catch (IOException e) {
      throw new UserException("cannot write " + out + ": " + e, e);
    }
  }

  private AblationPlan plan() {
    try {
      return new AblationPlan(
          !quick,
          seeds.orElse(quick ? 1 : 3),
          width,
          epochs.orElse(quick ? QUICK_EPOCHS : FIGURE_EPOCHS),
          epochs.orElse(TABLE_EPOCHS));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }

  private ExperimentImages pictures(TrainingResources resources, BooleanSupplier interrupted) {
    try (TrainingView view = new TrainingView(spec.commandLine().getErr(), false, interrupted)) {
      return ExperimentImages.of(
          FolderDataset.list(images),
          validation.map(FolderDataset::list),
          NetworkDescription.alexNet(1).inputSize(),
          resources.threads(),
          view);
    }
  }

  /** Beside the page, so that two of them do not meet. */
  private Path kept() {
    return out.resolveSibling(out.getFileName() + ".runs");
  }

  private static AblationReport report(
      AblationFindings findings, AblationPlan plan, ExperimentImages pictures, Instant started) {
    Provenance made = Provenance.made("", "", "");
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(
        "Pictures",
        "%d to learn from and %d to measure with, %d classes"
            .formatted(
                pictures.trainingCount(), pictures.validationCount(), pictures.labels().size()));
    facts.put("Width", "%s of the paper's maps and units".formatted(plan.width()));
    facts.put(
        "Epochs",
        plan.table()
            ? "%d of figure 1's networks, %d of the others"
                .formatted(plan.figureEpochs(), plan.tableEpochs())
            : Integer.toString(plan.figureEpochs()));
    facts.put("Seeds", Integer.toString(plan.seeds()));
    facts.put("Begun", started.toString());
    facts.put(
        "Time of all steps",
        duration(
            Duration.ofMillis(
                (long) (1000 * findings.runs().stream().mapToDouble(AblationRun::seconds).sum()))));
    facts.put("Machine", "%s, %s".formatted(made.processor(), made.java()));
    return new AblationReport(
        List.of(curve("ReLU", findings.relu().get(0)), curve("tanh", findings.tanh().get(0))),
        figure1(findings),
        findings.differences().stream().map(AblateCommand::row).toList(),
        findings.runs().stream()
            .map(AblationRun::kernels)
            .filter(kernels -> !kernels.isEmpty())
            .findFirst()
            .orElse(List.of()),
        findings.costs().stream()
            .map(
                cost ->
                    new AblationReport.Cost(
                        cost.variant(),
                        cost.words(),
                        cost.parameters(),
                        cost.multiplyAdds(),
                        cost.secondsPerThousand()))
            .toList(),
        facts);
  }

  private static AblationReport.Curve curve(String name, AblationRun run) {
    return new AblationReport.Curve(name, run.trainError());
  }

  private static AblationReport.Difference row(Found found) {
    return new AblationReport.Difference(
        found.comparison().idea(),
        found.comparison().paper(),
        found.with(),
        found.without(),
        found.difference().value(),
        found.difference().low(),
        found.difference().high());
  }

  private static String figure1(AblationFindings findings) {
    return "%s; %s%s. The paper's network needed a sixth of the epochs with ReLU."
        .formatted(
            reached("ReLU", findings.relu()),
            reached("tanh", findings.tanh()),
            findings.epochRatio().map(ratio -> format(", %.1f times as many", ratio)).orElse(""));
  }

  private static String reached(String name, List<AblationRun> runs) {
    return AblationFindings.meanEpochs(runs)
        .map(
            mean ->
                format(
                    "%s reaches 25 %% training error after %.1f epochs (rate %s)",
                    name, mean, runs.get(0).learningRate()))
        .orElseGet(
            () ->
                format(
                    "%s does not reach 25 %% training error in %d epochs (rate %s)",
                    name, runs.get(0).epochs(), runs.get(0).learningRate()));
  }

  private void print(AblationFindings findings, AblationReport report) {
    PrintWriter stdout = spec.commandLine().getOut();
    if (json) {
      findings.runs().forEach(run -> stdout.println(json(run)));
      findings.differences().forEach(found -> stdout.println(json(found)));
    } else {
      stdout.println(report.figure());
      stdout.println();
      stdout.println(
          format(
              "%-46s %6s %8s %11s %16s", "idea", "with", "without", "difference", "95 % interval"));
      for (AblationReport.Difference found : report.differences()) {
        stdout.println(
            format(
                "%-46s %5.1f%% %7.1f%% %+11.1f %+7.1f to %+5.1f  %s (the paper: %s)",
                found.idea(),
                100 * found.with(),
                100 * found.without(),
                100 * found.value(),
                100 * found.low(),
                100 * found.high(),
                found.verdict(),
                found.paper()));
      }
    }
    stdout.flush();
  }

  /** Written by hand, since a field without a value is to be there. */
  private static String json(AblationRun run) {
    return object(
        json -> {
          json.writeStringField("variant", run.variant());
          json.writeNumberField("seed", run.seed());
          json.writeNumberField("learningRate", run.learningRate());
          json.writeNumberField("epochs", run.epochs());
          json.writeArrayFieldStart("trainError");
          for (double error : run.trainError()) {
            json.writeNumber(error);
          }
          json.writeEndArray();
          if (run.epochsTo25().isPresent()) {
            json.writeNumberField("epochsTo25", run.epochsTo25().get());
          } else {
            json.writeNullField("epochsTo25");
          }
          json.writeNumberField("top1", run.top1());
          json.writeNumberField("seconds", run.seconds());
        });
  }

  private static String json(Found found) {
    return object(
        json -> {
          json.writeStringField("variant", found.comparison().with().name());
          json.writeStringField("against", found.comparison().without().name());
          json.writeNumberField("difference", found.difference().value());
          json.writeNumberField("low", found.difference().low());
          json.writeNumberField("high", found.difference().high());
        });
  }

  /** What stands in an object. */
  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  private static String object(Fields fields) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("a text cannot be written", e);
    }
    return text.toString();
  }

  private static String duration(Duration time) {
    return "%d min %02d s".formatted(time.toMinutes(), time.toSecondsPart());
  }

  private static String format(String text, Object... values) {
    return String.format(Locale.ROOT, text, values);
  }

  /** Shows the trainings, all their epochs in one bar. */
  private static final class View implements Ablation.Listener, AutoCloseable {
    private final Progress progress;
    private final BooleanSupplier interrupted;

    View(PrintWriter err, long epochs, BooleanSupplier interrupted) {
      progress = Progress.start(err, "ablation", "epochs", OptionalLong.of(epochs));
      this.interrupted = interrupted;
    }

    @Override
    public void begins(Variant variant, long seed) {
      progress.message("%s, seed %d: %s".formatted(variant.name(), seed, variant.words()));
    }

    @Override
    public void epoch(int epoch, int of, double trainingError) {
      progress.advance(1);
    }

    @Override
    public void done(AblationRun run, boolean before) {
      if (before) {
        progress.skip(run.epochs());
      }
      progress.message(
          format(
              "%s, seed %d, rate %s: training error %.1f %%, top-1 %.1f %%, %s%s",
              run.variant(),
              run.seed(),
              run.learningRate(),
              100 * run.trainError().get(run.epochs() - 1),
              100 * run.top1(),
              duration(Duration.ofMillis((long) (1000 * run.seconds()))),
              before ? ", done before" : ""));
    }

    @Override
    public boolean isCancelled() {
      return interrupted.getAsBoolean();
    }

    @Override
    public void close() {
      progress.close();
    }
  }
}
