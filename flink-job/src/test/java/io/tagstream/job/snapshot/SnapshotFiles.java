package io.tagstream.job.snapshot;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.MasterState;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.hooks.MasterHooks;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.OperatorStreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;

/** Writes snapshots as Flink does, without state. */
final class SnapshotFiles {
  private final Path job;

  /**
   * @param job the folder of one job's snapshots
   */
  SnapshotFiles(Path job) {
    this.job = job;
  }

  /** A snapshot of an earlier release, without a record of when it was taken. */
  String withoutRecord(String name, Instant fileTime) throws Exception {
    return write(name, List.of(), fileTime);
  }

  /** A snapshot of this release. */
  String write(String name, Instant takenAt, Instant fileTime) throws Exception {
    MasterState record =
        MasterHooks.triggerHook(new SnapshotTime(), 1, takenAt.toEpochMilli(), Runnable::run).get();
    return write(name, List.of(record), fileTime);
  }

  /** A snapshot with state in a file outside its folder. */
  void referringTo(String name, Instant takenAt, Path file) throws Exception {
    OperatorID id = new OperatorID(1, 2);
    OperatorState operator = new OperatorState("join", "join", id, 1, 1);
    operator.putState(
        0,
        OperatorSubtaskState.builder()
            .setManagedOperatorState(
                new OperatorStreamStateHandle(
                    Map.of(),
                    new FileStateHandle(new org.apache.flink.core.fs.Path(file.toUri()), 1)))
            .build());
    write(name, List.of(operator), List.of(), takenAt);
  }

  private String write(String name, List<MasterState> records, Instant fileTime) throws Exception {
    return write(name, List.of(), records, fileTime);
  }

  private String write(
      String name, List<OperatorState> operators, List<MasterState> records, Instant fileTime)
      throws Exception {
    Path metadata = Files.createDirectories(job.resolve(name)).resolve("_metadata");
    try (OutputStream out = Files.newOutputStream(metadata)) {
      Checkpoints.storeCheckpointMetadata(new CheckpointMetadata(1, operators, records), out);
    }
    Files.setLastModifiedTime(metadata, FileTime.from(fileTime));
    return metadata.getParent().toString();
  }

  /** A snapshot with a truncated file. */
  String damaged(String name, Instant takenAt) throws Exception {
    String location = write(name, takenAt, takenAt);
    Path metadata = Path.of(location, "_metadata");
    byte[] whole = Files.readAllBytes(metadata);
    try (OutputStream out = Files.newOutputStream(metadata)) {
      out.write(whole, 0, whole.length / 2);
    }
    Files.setLastModifiedTime(metadata, FileTime.from(takenAt));
    return location;
  }
}
