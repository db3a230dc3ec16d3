package io.tagstream.job.retrain;

import io.tagstream.trainingstore.RetrainRun;
import io.tagstream.trainingstore.RunOutcome;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The training store as the retraining sees it: what it holds, and the runs on it. A run is there
 * from its manifest on, which is written before it starts; its outcome ends it. Both are files that
 * are made once and survive every crash, so they, not Flink state, say which runs there were.
 *
 * <p>Its methods may be slow and are never called on a task's thread.
 */
public interface RunLedger extends Serializable {

  /**
   * What the store holds now.
   *
   * @param known the classes of the live version, which are not new
   */
  Counts counts(List<String> known) throws IOException;

  /** The runs there were, oldest first, but for old ones whose versions are gone. */
  List<RetrainRun> runs() throws IOException;

  /** The run that has no outcome. */
  Optional<RetrainRun> unfinished() throws IOException;

  /**
   * Writes the manifest of a run over all that is in the store now.
   *
   * @param versions that there are: their runs are remembered, those of others for a while
   */
  void begin(RetrainRun run, Set<String> versions) throws IOException;

  /**
   * Notes that an attempt of a run begins.
   *
   * @return its number, from 1: one more than there are attempts that failed, or whose process died
   */
  int attempt(String version) throws IOException;

  /** Takes back the note of an attempt that was cancelled: it did not fail. */
  void cancelled(String version, int attempt) throws IOException;

  /** Lets a run's labels count as new again: it will not learn from them. */
  void giveBack(String version) throws IOException;

  /** Ends a run. Nothing happens when it has ended. */
  void end(RunOutcome outcome) throws IOException;
}
