package io.tagstream.local.demo;

import io.tagstream.local.TrainingView;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.FreezeTo;
import io.tagstream.model.training.Trainer;
import io.tagstream.model.training.TrainingOptions;
import io.tagstream.model.training.TrainingResources;
import io.tagstream.model.training.TrainingTask;
import io.tagstream.settings.UserException;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/** Ensures that the demo's live model knows the classes of its images. */
final class FirstModel {
  private static final long SEED = 1;

  private final ModelStore store;
  private final PrintWriter err;
  private final BooleanSupplier interrupted;

  FirstModel(ModelStore store, PrintWriter err, BooleanSupplier interrupted) {
    this.store = store;
    this.err = err;
    this.interrupted = interrupted;
  }

  /**
   * Trains a model and makes it live, unless the live one knows the classes. The training is quick:
   * it trains only the last layer, on features from random weights.
   *
   * @throws UserException when there is no model and there are no labelled images
   */
  void prepare(DemoImages images) {
    List<String> versions = store.versions();
    Optional<ModelBundle> live =
        versions.isEmpty() ? Optional.empty() : Optional.of(store.openLive());
    if (live.isPresent() && new HashSet<>(live.get().labels()).containsAll(images.labels())) {
      return;
    }
    Optional<Dataset> training = images.training();
    if (training.isEmpty()) {
      throw new UserException(
          "there is no model in %s, and %s are not in a folder for each class: sort some into folders named after their class, or train or import a model (tagstream train, tagstream model import) with --models %s"
              .formatted(store.root(), images.description(), store.root()));
    }
    err.printf(
        "training the first model on %d of the %s, only its last layer; tagstream train makes a better one%n",
        training.get().images().size(), images.description());
    err.flush();
    try (TrainingView view = new TrainingView(err, false, interrupted)) {
      String version =
          new Trainer(store, DirectTrainingStep::new, TrainingResources.all())
              .train(
                  TrainingTask.of(
                      training.get(),
                      Optional.empty(),
                      TrainingOptions.defaults(SEED).withFreezeTo(FreezeTo.FC7)),
                  view)
              .bundle()
              .version();
      if (live.isPresent()) {
        store.promote(version, "tagstream demo");
      }
    } catch (CancellationException e) {
      throw new UserException("interrupted before the first model was trained", e);
    }
  }
}
