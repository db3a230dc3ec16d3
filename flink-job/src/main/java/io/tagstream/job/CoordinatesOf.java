package io.tagstream.job;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.snapshot.SnapshotTime;
import java.time.Instant;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.runtime.checkpoint.MasterTriggerRestoreHook;
import org.apache.flink.streaming.api.checkpoint.WithMasterCheckpointHook;

/**
 * Maps a record to its coordinates. Also provides the hook that stores each snapshot's time: Flink
 * takes such hooks from functions, and this one is in every job.
 */
final class CoordinatesOf
    implements MapFunction<IncomingRecord, Coordinates>, WithMasterCheckpointHook<Instant> {
  private static final long serialVersionUID = 1L;

  @Override
  public Coordinates map(IncomingRecord record) {
    return record.source;
  }

  @Override
  public MasterTriggerRestoreHook<Instant> createMasterTriggerRestoreHook() {
    return new SnapshotTime();
  }
}
