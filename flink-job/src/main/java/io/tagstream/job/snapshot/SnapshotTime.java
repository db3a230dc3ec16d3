package io.tagstream.job.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.runtime.checkpoint.MasterState;
import org.apache.flink.runtime.checkpoint.MasterTriggerRestoreHook;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;

/**
 * Records in the metadata of each snapshot when it was begun, because a file's time changes when it
 * is copied. The JobManager calls it at each checkpoint and savepoint.
 */
public final class SnapshotTime implements MasterTriggerRestoreHook<Instant> {
  private static final String IDENTIFIER = "tagstream-snapshot-time";

  /** The time recorded in a snapshot; empty in snapshots of earlier releases. */
  static Optional<Instant> of(CheckpointMetadata metadata) throws IOException {
    for (MasterState state : metadata.getMasterStates()) {
      if (state.name().equals(IDENTIFIER)) {
        return Optional.of(new Milliseconds().deserialize(state.version(), state.bytes()));
      }
    }
    return Optional.empty();
  }

  @Override
  public String getIdentifier() {
    return IDENTIFIER;
  }

  @Override
  public CompletableFuture<Instant> triggerCheckpoint(
      long checkpoint, long timestamp, Executor executor) {
    return CompletableFuture.completedFuture(Instant.ofEpochMilli(timestamp));
  }

  @Override
  public void restoreCheckpoint(long checkpoint, Instant takenAt) {
    // The time was checked before the job was submitted.
  }

  @Override
  public SimpleVersionedSerializer<Instant> createCheckpointDataSerializer() {
    return new Milliseconds();
  }

  private static final class Milliseconds implements SimpleVersionedSerializer<Instant> {
    private static final int VERSION = 1;

    @Override
    public int getVersion() {
      return VERSION;
    }

    @Override
    public byte[] serialize(Instant time) {
      return ByteBuffer.allocate(Long.BYTES).putLong(time.toEpochMilli()).array();
    }

    @Override
    public Instant deserialize(int version, byte[] bytes) throws IOException {
      if (version != VERSION || bytes.length != Long.BYTES) {
        throw new IOException("a later release wrote this snapshot's time");
      }
      return Instant.ofEpochMilli(ByteBuffer.wrap(bytes).getLong());
    }
  }
}
