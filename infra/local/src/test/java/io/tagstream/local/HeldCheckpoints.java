package io.tagstream.local;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.CheckpointMetadataOutputStream;
import org.apache.flink.runtime.state.CheckpointStorageAccess;
import org.apache.flink.runtime.state.CheckpointStorageFactory;
import org.apache.flink.runtime.state.CheckpointStorageLocation;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStorageAccess;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStorageLocation;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;

/**
 * Flink's checkpoint storage in files, whose checkpoints complete only when the test releases them:
 * until then the sinks have prepared their transactions but not committed them.
 */
public final class HeldCheckpoints implements CheckpointStorageFactory<HeldCheckpoints.Storage> {
  private static volatile CompletableFuture<Void> mayComplete =
      CompletableFuture.completedFuture(null);

  /** Holds current and future checkpoints. */
  static void hold() {
    mayComplete = new CompletableFuture<>();
  }

  static void release() {
    mayComplete.complete(null);
  }

  @Override
  public Storage createFromConfig(ReadableConfig config, ClassLoader classLoader) {
    return new Storage(new Path(config.get(CheckpointingOptions.CHECKPOINTS_DIRECTORY)));
  }

  static final class Storage extends FileSystemCheckpointStorage {
    private static final long serialVersionUID = 1L;

    Storage(Path directory) {
      super(directory);
    }

    @Override
    public CheckpointStorageAccess createCheckpointStorage(JobID job) throws IOException {
      return new Access(getCheckpointPath(), job, getMinFileSizeThreshold(), getWriteBufferSize());
    }
  }

  private static final class Access extends FsCheckpointStorageAccess {
    Access(Path directory, JobID job, int threshold, int buffer) throws IOException {
      super(directory, directory, job, threshold, buffer);
    }

    @Override
    public CheckpointStorageLocation initializeLocationForCheckpoint(long checkpoint)
        throws IOException {
      FsCheckpointStorageLocation location =
          (FsCheckpointStorageLocation) super.initializeLocationForCheckpoint(checkpoint);
      return new Location(this, location.getCheckpointDirectory());
    }
  }

  private static final class Location extends FsCheckpointStorageLocation {
    Location(Access access, Path directory) {
      super(
          access.getFileSystem(),
          directory,
          access.getSharedStateDirectory(),
          new Path(access.getCheckpointsDirectory(), "taskowned"),
          CheckpointStorageLocationReference.getDefault(),
          1024,
          4096);
    }

    @Override
    public CheckpointMetadataOutputStream createMetadataOutputStream() throws IOException {
      mayComplete.join();
      return super.createMetadataOutputStream();
    }
  }
}
