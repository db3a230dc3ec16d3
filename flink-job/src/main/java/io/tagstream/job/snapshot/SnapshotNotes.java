package io.tagstream.job.snapshot;

import java.time.Duration;
import java.time.Instant;
import java.util.Properties;

/**
 * What a job writes beside its snapshots when it starts, for the next start to judge them by.
 *
 * @param transactionTimeout the sinks' transactions end by themselves after this
 * @param sinkGeneration part of the sinks' uids
 * @param sinksSince snapshots completed before this hold the state of sinks of an earlier
 *     generation
 * @param snapshotsSince snapshots completed before this were given up ({@code --fresh})
 */
public record SnapshotNotes(
    Duration transactionTimeout, int sinkGeneration, Instant sinksSince, Instant snapshotsSince) {
  private static final String TIMEOUT = "transaction.timeout.ms";
  private static final String GENERATION = "sink.generation";
  private static final String SINKS_SINCE = "sinks.since";
  private static final String SNAPSHOTS_SINCE = "snapshots.since";

  /** For a name that never ran. */
  public static SnapshotNotes first(Duration transactionTimeout) {
    return new SnapshotNotes(transactionTimeout, 0, Instant.EPOCH, Instant.EPOCH);
  }

  static SnapshotNotes from(Properties properties) {
    return new SnapshotNotes(
        Duration.ofMillis(Long.parseLong(properties.getProperty(TIMEOUT))),
        Integer.parseInt(properties.getProperty(GENERATION)),
        Instant.parse(properties.getProperty(SINKS_SINCE)),
        Instant.parse(properties.getProperty(SNAPSHOTS_SINCE)));
  }

  Properties toProperties() {
    Properties properties = new Properties();
    properties.setProperty(TIMEOUT, Long.toString(transactionTimeout.toMillis()));
    properties.setProperty(GENERATION, Integer.toString(sinkGeneration));
    properties.setProperty(SINKS_SINCE, sinksSince.toString());
    properties.setProperty(SNAPSHOTS_SINCE, snapshotsSince.toString());
    return properties;
  }
}
