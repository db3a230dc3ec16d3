package io.tagstream.job.suspects;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.streaming.api.operators.StreamingRuntimeContext;

/** Where operators note the records in work; serialized with the job's graph. */
@FunctionalInterface
public interface NotePlace extends Serializable {

  /**
   * A folder of this job that outlives the process; empty if nothing is noted.
   *
   * @param context of the calling operator
   */
  Optional<Path> folder(RuntimeContext context);

  /** For work that is not repeated after the process dies. */
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
