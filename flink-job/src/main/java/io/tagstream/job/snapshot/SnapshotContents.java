package io.tagstream.job.snapshot;

import io.tagstream.settings.UserException;
import java.io.DataInputStream;
import java.io.IOException;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.checkpoint.Checkpoints;

/** What a snapshot's metadata says of its operators. */
public final class SnapshotContents {
  private SnapshotContents() {}

  /**
   * Whether a snapshot holds an operator's state.
   *
   * @param uid the operator's
   * @throws UserException when the snapshot cannot be read
   */
  public static boolean holds(Snapshot snapshot, String uid) {
    Path metadata = new Path(snapshot.location(), SnapshotFolder.METADATA);
    try (DataInputStream in = new DataInputStream(metadata.getFileSystem().open(metadata))) {
      return Checkpoints.loadCheckpointMetadata(
              in, SnapshotContents.class.getClassLoader(), snapshot.location())
          .getOperatorStates()
          .stream()
          .anyMatch(operator -> operator.getOperatorUid().filter(uid::equals).isPresent());
    } catch (IOException e) {
      throw new UserException("cannot read %s: %s".formatted(metadata, e), e);
    }
  }
}
