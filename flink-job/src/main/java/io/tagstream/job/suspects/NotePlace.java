package io.tagstream.job.suspects;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.streaming.api.operators.StreamingRuntimeContext;

/** Where operators note what they work on; travels with the job's graph. */
@FunctionalInterface
public interface NotePlace extends Serializable {

  /**
   * A folder of the job's own, which outlives the process.
   *
   * @param context of the operator that asks
   */
  Optional<Path> folder(RuntimeContext context);

  /** For work that nobody repeats after the process died. */
  static NotePlace nowhere() {
    return context -> Optional.empty();
  }

  /** The same folder wherever an operator runs. */
  static NotePlace at(Path folder) {
    String path = folder.toString();
    return context -> Optional.of(Path.of(path));
  }

  /** Below the first of a TaskManager's temporary folders ({@code io.tmp.dirs}). */
  static NotePlace ofTaskManager(String job) {
    return context ->
        context instanceof StreamingRuntimeContext here
            ? Optional.of(
                Path.of(
                    here.getTaskManagerRuntimeInfo().getTmpDirectories()[0],
                    "tagstream-suspects",
                    job))
            : Optional.empty();
  }
}
