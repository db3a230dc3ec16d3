package io.tagstream.cli;

import io.tagstream.local.TrainingView;
import io.tagstream.model.ablation.Ablation;
import io.tagstream.model.ablation.AblationFindings;
import io.tagstream.model.ablation.AblationPlan;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.report.AblationPage;
import io.tagstream.model.training.ExperimentImages;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.model.training.TrainingResources;
import io.tagstream.settings.Interruption;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream ablate}: measures what each idea of AlexNet's paper contributes. */
@Command(
    name = "ablate",
    description = {
      "Train networks that each differ in one idea of AlexNet's paper, and compare them.",
      "An interrupted run resumes: finished trainings are kept in a folder next to --out."
    })
public final class AblateCommand implements Runnable {
  private static final int QUICK_EPOCHS = 36;
  private static final int FIGURE_EPOCHS = 40;
  private static final int TABLE_EPOCHS = 25;
  private static final int SEEDS = 3;

  @Mixin StandardOptions standard = new StandardOptions();
  @Spec private CommandSpec spec;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "DIR",
      description = "A folder that contains a folder of images for each class.")
  private Path images = Path.of("");

  @Option(
      names = "--validation",
      paramLabel = "DIR",
      description = "Measure on these images (default: a fifth of --images is held out).")
  private Optional<Path> validation = Optional.empty();

  @Option(
      names = "--quick",
      description =
          "Compare only ReLU with tanh, each with one seed and one learning rate; takes minutes.")
  private boolean quick;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "Number of trainings of each network (default: 3, with --quick 1).")
  private Optional<Integer> seeds = Optional.empty();

  @Option(
      names = "--width",
      paramLabel = "F",
      description = {
        "Share of the paper's maps and units that each network has (default: ${DEFAULT-VALUE}).",
        "1 is the paper's network."
      })
  private double width = 0.25;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description =
          "Epochs of each training (default: 40 for ReLU and tanh, 25 for the others; with --quick 36).")
  private Optional<Integer> epochs = Optional.empty();

  @Option(
      names = "--json",
      description = "Print one JSON object for each training and each difference.")
  private boolean json;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "The HTML page with charts (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("ablation.html");

  @Override
  public void run() {
    AblationPlan plan = plan();
    TrainingResources resources = TrainingResources.all();
    PrintWriter err = spec.commandLine().getErr();
    try (Interruption signals = Interruption.listen(() -> {})) {
      ExperimentImages dataset = load(resources, signals::requested);
      err.printf(
          "%d trainings, %d epochs in total, width %s%n", plan.runs(), plan.epochs(), plan.width());
      AblationFindings findings;
      try (AblationView view = new AblationView(err, plan.epochs(), signals::requested)) {
        findings =
            new Ablation(dataset, plan, DirectTrainingStep::new, resources, kept(), view).run();
      }
      AblationOutput output = new AblationOutput(findings, plan, dataset);
      Files.writeString(out, AblationPage.html(output.report()));
      PrintWriter stdout = spec.commandLine().getOut();
      (json ? output.json() : output.text()).forEach(stdout::println);
      stdout.flush();
      err.printf("report: %s%n", out);
      err.flush();
    } catch (CancellationException e) {
      throw new UserException(
          "interrupted: run the same command again to resume with the trainings that are left", e);
    } catch (IOException e) {
      throw new UserException("cannot write " + out + ": " + e, e);
    }
  }

  private AblationPlan plan() {
    try {
      return new AblationPlan(
          !quick,
          seeds.orElse(quick ? 1 : SEEDS),
          width,
          epochs.orElse(quick ? QUICK_EPOCHS : FIGURE_EPOCHS),
          epochs.orElse(TABLE_EPOCHS));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }

  private ExperimentImages load(TrainingResources resources, BooleanSupplier interrupted) {
    try (TrainingView view = new TrainingView(spec.commandLine().getErr(), false, interrupted)) {
      return ExperimentImages.of(
          FolderDataset.list(images),
          validation.map(FolderDataset::list),
          NetworkDescription.alexNet(1).inputSize(),
          resources.threads(),
          view);
    }
  }

  /** Named after the page, so that two ablations with different pages do not share it. */
  private Path kept() {
    return out.resolveSibling(out.getFileName() + ".runs");
  }
}
