package io.tagstream.cli;

import io.tagstream.local.TrainingView;
import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Engines;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.model.training.FreezeTo;
import io.tagstream.model.training.Optimizer;
import io.tagstream.model.training.Trainer;
import io.tagstream.model.training.TrainingOptions;
import io.tagstream.model.training.TrainingResult;
import io.tagstream.settings.ModelStoreSettings;
import io.tagstream.settings.SettingsOptions;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.UsageException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream train}. */
@Command(
    name = "train",
    description = {
      "Train a model from a folder that holds a folder of images per class.",
      "The first version in a store becomes live, a later one is a candidate until promoted."
    })
public final class TrainCommand implements Runnable {
  private enum OptimizerKind {
    ADAM,
    SGD
  }

  private static final double MOMENTUM = 0.9;
  private static final double WEIGHT_DECAY = 0.0005;
  private static final double SGD_RATE = 0.01;

  @Mixin StandardOptions standard = new StandardOptions();
  @Spec private CommandSpec spec;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "DIR",
      description = "A folder with a folder of images per class.")
  private Path images = Path.of("");

  @Option(
      names = "--models",
      required = true,
      paramLabel = "PATH",
      description = "The folder of models that gets the new version.")
  private Path models = Path.of("");

  @Option(
      names = "--validation",
      paramLabel = "DIR",
      description = "Measure on these images (default: a fifth of --images is held out).")
  private Optional<Path> validation = Optional.empty();

  @Option(names = "--epochs", paramLabel = "N", description = "Passes over the images.")
  private Optional<Integer> epochs = Optional.empty();

  @Option(names = "--batch-size", paramLabel = "N", description = "Images a step (default: 32).")
  private Optional<Integer> batchSize = Optional.empty();

  @Option(names = "--seed", paramLabel = "N", description = "Of every random choice (default: 1).")
  private long seed = 1;

  @Option(
      names = "--optimizer",
      paramLabel = "adam|sgd",
      description = "How gradients become steps (default: adam).")
  private OptimizerKind optimizer = OptimizerKind.ADAM;

  @Option(
      names = "--learning-rate",
      paramLabel = "F",
      description = "The highest rate (default: 0.0003 for adam, 0.01 for sgd).")
  private Optional<Double> learningRate = Optional.empty();

  @Option(
      names = "--parent",
      paramLabel = "VERSION",
      description = "Begin with the weights of this version.")
  private Optional<String> parent = Optional.empty();

  @Option(
      names = "--freeze-to",
      paramLabel = "conv5|fc7",
      description = "Keep every layer up to and including this one as it is.")
  private Optional<FreezeTo> freezeTo = Optional.empty();

  @Option(names = "--promote", description = "Make the new version live.")
  private boolean promote;

  @Mixin private SettingsOptions settings = new SettingsOptions();

  @Override
  public void run() {
    Dataset training = FolderDataset.list(images);
    Optional<Dataset> measured = validation.map(FolderDataset::list);
    int keep = settings.load().get(ModelStoreSettings.class).keep();
    ModelStore store = Engines.store(models);
    PrintWriter out = spec.commandLine().getOut();
    TrainingResult result;
    try (TrainingView view =
        new TrainingView(spec.commandLine().getErr(), freezeTo.isEmpty(), () -> false)) {
      result =
          new Trainer(store, DirectTrainingStep::new).train(training, measured, options(), view);
    }
    String version = result.bundle().version();
    if (promote && !store.live().equals(version)) {
      store.promote(version, System.getProperty("user.name"));
    }
    String accuracy =
        result
            .validation()
            .map(
                e ->
                    String.format(
                        Locale.ROOT,
                        "top-1 %.1f %%, top-5 %.1f %% on %d images",
                        100 * e.top1(),
                        100 * e.top5(),
                        e.images()))
            .orElse("not measured");
    out.printf(
        "%s: %s; %s%n",
        version, accuracy, store.live().equals(version) ? "live" : "a candidate until promoted");
    out.flush();
    deleteOld(store, keep);
  }

  /** The model is there whatever becomes of older ones. */
  private void deleteOld(ModelStore store, int keep) {
    PrintWriter err = spec.commandLine().getErr();
    try {
      store
          .prune(keep)
          .forEach(old -> err.printf("deleted %s: models.keep is %d versions%n", old, keep));
    } catch (ModelException e) {
      err.printf("old versions stay: %s%n", e.getMessage());
    }
    err.flush();
  }

  private TrainingOptions options() {
    TrainingOptions defaults = TrainingOptions.defaults(seed, parent, freezeTo);
    try {
      return new TrainingOptions(
          epochs.orElse(defaults.epochs()),
          batchSize.orElse(defaults.batchSize()),
          seed,
          switch (optimizer) {
            case ADAM ->
                learningRate.<Optimizer>map(Optimizer.Adam::new).orElse(defaults.optimizer());
            case SGD -> new Optimizer.Sgd(learningRate.orElse(SGD_RATE), MOMENTUM, WEIGHT_DECAY);
          },
          defaults.network(),
          defaults.initialisation(),
          parent,
          freezeTo);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }
}
