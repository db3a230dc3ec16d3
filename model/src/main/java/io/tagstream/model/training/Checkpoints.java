package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.RunFolder;
import java.time.Duration;
import java.util.Optional;

/**
 * The memory of a run, {@code MODELS/runs/VERSION/}: what it is, its budget, and one checkpoint,
 * which is replaced when an epoch ends or in its midst, at most as often as the pause allows.
 */
final class Checkpoints implements AutoCloseable {
  /** A checkpoint of the full network is a gigabyte: more often would cost a share of the time. */
  static final Duration PAUSE = Duration.ofMinutes(2);

  /** Itself, its average, and two moments of the optimizer. */
  private static final int SAVED_PER_PARAMETER = 4;

  private final RunFolder folder;
  private final RunIdentity identity;
  private final Duration pause;
  private Budget budget;
  private long savedSteps;
  private long savedAt = System.nanoTime();

  private Checkpoints(RunFolder folder, RunIdentity identity, Budget budget, Duration pause) {
    this.folder = folder;
    this.identity = identity;
    this.budget = budget;
    this.pause = pause;
  }

  /**
   * Opens the run of a version, or the oldest unfinished one of the same identity, or a new one.
   * What is there of another identity under the version's name is begun anew.
   *
   * @param budget of a new run
   * @throws ModelException when another process trains that version
   */
  static Checkpoints open(
      ModelStore store,
      Optional<String> version,
      RunIdentity identity,
      Budget budget,
      Duration pause) {
    if (version.isPresent()) {
      return open(store, version.get(), identity, budget, pause);
    }
    for (String candidate : RunFolder.versions(store)) {
      if (isRunOf(identity, RunFolder.description(store, candidate, RunDescription.class))) {
        Optional<RunFolder> unfinished = RunFolder.open(store, candidate);
        if (unfinished.isPresent()) {
          return of(unfinished.get(), identity, budget, pause);
        }
      }
    }
    return open(store, store.newVersion(), identity, budget, pause);
  }

  private static Checkpoints open(
      ModelStore store, String version, RunIdentity identity, Budget budget, Duration pause) {
    return of(
        RunFolder.open(store, version)
            .orElseThrow(
                () ->
                    new ModelException(
                        "version %s is being trained by another process".formatted(version))),
        identity,
        budget,
        pause);
  }

  private static Checkpoints of(
      RunFolder folder, RunIdentity identity, Budget budget, Duration pause) {
    try {
      Optional<RunDescription> known = folder.description(RunDescription.class);
      if (isRunOf(identity, known)) {
        return new Checkpoints(folder, identity, known.get().budget(), pause);
      }
      folder.clear();
      folder.describe(new RunDescription(identity, budget));
      return new Checkpoints(folder, identity, budget, pause);
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  private static boolean isRunOf(RunIdentity identity, Optional<RunDescription> description) {
    return description.filter(found -> identity.equals(found.identity())).isPresent();
  }

  /** The name of the version to be. */
  String version() {
    return folder.version();
  }

  Budget budget() {
    return budget;
  }

  /** Keeps what was decided, before any step depends on it. */
  void decide(Budget decided) {
    folder.describe(new RunDescription(identity, decided));
    budget = decided;
  }

  /** Where the run is: its checkpoint's position, to which the step is brought, or the start. */
  RunPosition restore(TrainingStep step) {
    RunPosition position =
        folder
            .restore(RunPosition.class, (header, in) -> step.restore(in))
            .orElse(RunPosition.START);
    savedSteps = position.steps();
    return position;
  }

  /**
   * Saves, if it is time to: at the first epoch's end, and wherever the pause has passed.
   *
   * @param epochEnded whether the last step ended an epoch
   */
  void saveIfDue(RunPosition position, TrainingStep step, boolean epochEnded) {
    boolean first = savedSteps == 0 && epochEnded;
    if (first || System.nanoTime() - savedAt >= pause.toNanos()) {
      save(position, step);
    }
  }

  private long mostBytes() {
    return identity.network().parameterCount() * SAVED_PER_PARAMETER * Float.BYTES;
  }

  /** Saves what was done since the last checkpoint, if anything was. */
  void save(RunPosition position, TrainingStep step) {
    if (position.steps() > savedSteps) {
      folder.save(position, mostBytes(), step::save);
      savedSteps = position.steps();
      savedAt = System.nanoTime();
    }
  }

  /** Forgets the run: its version is there, or it would end again as it did. */
  void remove() {
    folder.remove();
  }

  @Override
  public void close() {
    folder.close();
  }
}
