package io.tagstream.job.retrain;

import io.tagstream.trainingstore.RetrainRun;
import io.tagstream.trainingstore.RunOutcome;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The training store as retraining uses it: its contents, and the runs on it. A run begins with its
 * manifest, which is written before the training starts, and ends with its outcome. Both are files
 * that are written once and survive every crash, so they, not Flink state, are the record of the
 * runs.
 *
 * <p>Calls may be slow; a task's thread makes none.
 */
public interface RunLedger extends Serializable {

  /**
   * Counts the present contents of the store.
   *
   * @param known the classes of the live version, which are not new
   */
  StoreCounts counts(List<String> known) throws IOException;

  /** All runs, oldest first, except old ones whose versions were deleted. */
  List<RetrainRun> runs() throws IOException;

  /** The run without an outcome. */
  Optional<RetrainRun> unfinished() throws IOException;

  /**
   * Writes the manifest of a run over everything that is in the store now.
   *
   * @param versions the existing versions: their runs are kept, the runs of others only for a time
   */
  void begin(RetrainRun run, Set<String> versions) throws IOException;

  /**
   * Records that an attempt of a run begins.
   *
   * @return its number, from 1: one more than the attempts that failed or whose process died
   */
  int attempt(String version) throws IOException;

  /** Deletes the record of a cancelled attempt: it did not fail. */
  void cancelled(String version, int attempt) throws IOException;

  /** Makes a run's labels count as new again: the run will not train on them. */
  void releaseLabels(String version) throws IOException;

  /** Ends a run. Does nothing if it has ended. */
  void end(RunOutcome outcome) throws IOException;
}
