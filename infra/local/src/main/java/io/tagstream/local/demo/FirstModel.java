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

/** Sees to it that a demo's live model knows its pictures' classes. */
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
   * Trains a model by the quick route, the last layer on features of drawn weights, unless the live
   * one knows the classes; that one becomes live.
   *
   * @throws UserException when there is no model and nothing to learn from
   */
  void prepare(Pictures pictures) {
    List<String> versions = store.versions();
    Optional<ModelBundle> live =
        versions.isEmpty() ? Optional.empty() : Optional.of(store.openLive());
    if (live.isPresent() && new HashSet<>(live.get().labels()).containsAll(pictures.labels())) {
      return;
    }
    Optional<Dataset> training = pictures.training();
    if (training.isEmpty()) {
      throw new UserException(
          "there is no model in %s, and %s have no folder per class to learn from: sort some into folders named after their class, or train or import a model (tagstream train, tagstream model import) with --models %s"
              .formatted(store.root(), pictures.description(), store.root()));
    }
    err.printf(
        "training the first model on %d of the %s, the last layer only: it can do better (tagstream train)%n",
        training.get().images().size(), pictures.description());
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
      throw new UserException("interrupted; the training left no model behind", e);
    }
  }
}
