package io.tagstream.cli;

import io.tagstream.local.TrainingView;
import io.tagstream.model.ModelException;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.model.training.FreezeTo;
import io.tagstream.model.training.Recipe;
import io.tagstream.model.training.Trainer;
import io.tagstream.model.training.TrainingOptions;
import io.tagstream.model.training.TrainingResources;
import io.tagstream.model.training.TrainingResult;
import io.tagstream.model.training.TrainingTask;
import io.tagstream.settings.Interruption;
import io.tagstream.settings.ModelStoreSettings;
import io.tagstream.settings.Printable;
import io.tagstream.settings.Settings;
import io.tagstream.settings.SettingsOptions;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.TrainingSettings;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import io.tagstream.trainingstore.Addition;
import io.tagstream.trainingstore.TrainingStore;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream train}: trains a version of a model store from a folder. */
@Command(
    name = "train",
    description = {
      "Train a model from a folder that contains a folder of images for each class.",
      "The first version in a store becomes live; a later one is a candidate until it is promoted."
    })
public final class TrainCommand implements Runnable {
  @Mixin StandardOptions standard = new StandardOptions();
  @Spec private CommandSpec spec;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "DIR",
      description = "A folder that contains a folder of images for each class.")
  private Path images = Path.of("");

  @Option(
      names = "--models",
      required = true,
      paramLabel = "PATH",
      description = "The model store that gets the new version.")
  private Path models = Path.of("");

  @Option(
      names = "--validation",
      paramLabel = "DIR",
      description = {
        "Measure on these images (default: a fifth of --images is held out).",
        "Without --training-store all of --images are then used for training."
      })
  private Optional<Path> validation = Optional.empty();

  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      description =
          "paper, small-data or fine-tune (default: fine-tune if every layer of --parent was trained, else small-data).")
  private Optional<String> recipe = Optional.empty();

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description =
          "Passes over the images (default: as many as the recipe's budget of images allows).")
  private Optional<Integer> epochs = Optional.empty();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of every random choice (default: 1).")
  private long seed = 1;

  @Option(
      names = "--parent",
      paramLabel = "VERSION",
      description =
          "Start from this version: its classes and network, and with fine-tune its weights.")
  private Optional<String> parent = Optional.empty();

  @Option(
      names = "--freeze-to",
      paramLabel = "conv5|fc7",
      description = "Freeze every layer up to and including this one.")
  private Optional<FreezeTo> freezeTo = Optional.empty();

  @Option(
      names = "--training-store",
      paramLabel = "PATH",
      description = {
        "Add the images of --images to this training store before the training.",
        "The fifth that a job with this store holds out is not used for training here either."
      })
  private Optional<Path> trainingStore = Optional.empty();

  @Option(names = "--promote", description = "Make the new version live.")
  private boolean promote;

  @Mixin private SettingsOptions settings = new SettingsOptions();

  @Override
  public void run() {
    Settings all = settings.load();
    TrainingSettings limits = all.get(TrainingSettings.class);
    Dataset dataset = FolderDataset.list(images);
    TrainingTask requested =
        TrainingTask.of(dataset, validation.map(FolderDataset::list), options(limits));
    TrainingTask task = trainingStore.isPresent() ? requested.splitting() : requested;
    ModelStore store = Engines.store(models);
    trainingStore.ifPresent(path -> addTo(path, dataset));
    TrainingResult result = train(store, task, limits);
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
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "%s: %s; %s%n",
        version,
        accuracy,
        store.live().equals(version) ? "live" : "a candidate until it is promoted");
    out.flush();
    deleteOld(store, all.get(ModelStoreSettings.class).keep());
  }

  /** A failure to delete old versions is only reported, since the new version is complete. */
  private void deleteOld(ModelStore store, int keep) {
    PrintWriter err = spec.commandLine().getErr();
    try {
      store
          .prune(keep)
          .forEach(old -> err.printf("deleted %s: models.keep is %d versions%n", old, keep));
    } catch (ModelException e) {
      err.printf("old versions were not deleted: %s%n", Printable.of(e.getMessage()));
    }
    err.flush();
  }

  private void addTo(Path path, Dataset dataset) {
    int added = Addition.of(dataset, new TrainingStore(path), Instant.now());
    PrintWriter err = spec.commandLine().getErr();
    err.printf("%s: %d of %d images are new%n", path, added, dataset.images().size());
    err.flush();
  }

  private TrainingResult train(ModelStore store, TrainingTask task, TrainingSettings limits) {
    // The training checks for a signal before each step and image, so the handler has nothing to
    // do.
    try (Interruption signals = Interruption.listen(() -> {});
        TrainingView view =
            new TrainingView(
                spec.commandLine().getErr(),
                !freezeTo.equals(Optional.of(FreezeTo.FC7)),
                signals::requested)) {
      return new Trainer(store, DirectTrainingStep.on(limits.towers()), resources(limits))
          .train(task, view);
    } catch (CancellationException e) {
      throw new UserException(
          e.getMessage() + "; run the same command again to resume from the last checkpoint", e);
    }
  }

  private TrainingOptions options(TrainingSettings limits) {
    try {
      return new TrainingOptions(
          recipe.map(Recipe::named),
          seed,
          epochs,
          limits.imageSteps().orElse((int) TrainingOptions.IMAGE_STEPS),
          Duration.ofMinutes(limits.maxMinutes()),
          limits.minPerClass(),
          network(limits),
          parent,
          freezeTo);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }

  /** The network of a training without a parent. */
  private static NetworkDescription network(TrainingSettings limits) {
    return NetworkDescription.alexNet(1)
        .normalizing(
            switch (limits.lrnScope()) {
              case ALL -> LocalResponseNormalization.Scope.ALL;
              case TOWER -> LocalResponseNormalization.Scope.TOWER;
            });
  }

  private static TrainingResources resources(TrainingSettings limits) {
    return new TrainingResources(
        limits.threads().orElse(Runtime.getRuntime().availableProcessors()),
        limits.memory().bytes());
  }
}
