package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.RunFolder;
import java.time.Duration;
import java.util.Optional;

/**
 * The stored state of a run, {@code MODELS/runs/VERSION/}: its identity, its budget and one
 * checkpoint. The checkpoint is replaced at the end of an epoch or within it, at most once per
 * pause.
 */
final class Checkpoints implements AutoCloseable {
  /**
   * A checkpoint of the full network has a gigabyte: more frequent checkpoints would slow the
   * training down.
   */
  static final Duration PAUSE = Duration.ofMinutes(2);

  /** The parameter itself, its moving average and two moments of the optimizer. */
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
   * Opens the run of a version, or the oldest unfinished one of the same identity, or a new one. A
   * run of the version with another identity is discarded and started again.
   *
   * @param budget the budget of a new run
   * @throws ModelException if another process trains that version
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

  /** The name of the version that the run will write. */
  String version() {
    return folder.version();
  }

  Budget budget() {
    return budget;
  }

  /** Stores the decided budget, before any step depends on it. */
  void decide(Budget decided) {
    folder.describe(new RunDescription(identity, decided));
    budget = decided;
  }

  /**
   * Restores the step from the checkpoint and returns its position; the start without a checkpoint.
   */
  RunPosition restore(TrainingStep step) {
    RunPosition position =
        folder
            .restore(RunPosition.class, (header, in) -> step.restore(in))
            .orElse(RunPosition.START);
    savedSteps = position.steps();
    return position;
  }

  /**
   * Saves a checkpoint if one is due: at the end of the first epoch, and when the pause has passed.
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

  /** Saves a checkpoint if steps were done since the last one. */
  void save(RunPosition position, TrainingStep step) {
    if (position.steps() > savedSteps) {
      folder.save(position, mostBytes(), step::save);
      savedSteps = position.steps();
      savedAt = System.nanoTime();
    }
  }

  /** Removes the run: its version was written, or it would fail again in the same way. */
  void remove() {
    folder.remove();
  }

  @Override
  public void close() {
    folder.close();
  }
}
