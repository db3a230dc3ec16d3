package io.tagstream.job.snapshot;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;

/**
 * The notes that a job writes next to its snapshots at its start and after its stop; the next start
 * uses them to judge the snapshots.
 *
 * @param startedAt snapshots taken before this belong to an earlier run
 * @param resumableFor how long after a checkpoint of this run the broker still commits its
 *     transactions
 * @param earlierResumableFor the same for the newest snapshot taken before this run
 * @param finishedStop the name of the savepoint whose stop finished, with everything committed
 * @param sinkGeneration part of the sinks' uids
 * @param sinksSince snapshots taken before this hold the state of sinks of an earlier generation
 * @param snapshotsSince snapshots taken before this were abandoned ({@code --fresh})
 * @param freshFrom the committed offsets from which a start with {@code --fresh} began: until a run
 *     commits others, a start without a snapshot counts as its continuation
 */
public record SnapshotNotes(
    Instant startedAt,
    Duration resumableFor,
    Duration earlierResumableFor,
    Optional<String> finishedStop,
    int sinkGeneration,
    Instant sinksSince,
    Instant snapshotsSince,
    Optional<String> freshFrom) {
  private static final String STARTED = "started.at";
  private static final String RESUMABLE = "resumable.ms";
  private static final String EARLIER_RESUMABLE = "resumable.earlier.ms";
  private static final String FINISHED_STOP = "finished.stop";
  private static final String GENERATION = "sink.generation";
  private static final String SINKS_SINCE = "sinks.since";
  private static final String SNAPSHOTS_SINCE = "snapshots.since";
  private static final String FRESH_FROM = "fresh.from";

  /** The notes for a name that has never run. */
  public static SnapshotNotes first(Duration resumableFor) {
    return new SnapshotNotes(
        Instant.EPOCH,
        resumableFor,
        resumableFor,
        Optional.empty(),
        0,
        Instant.EPOCH,
        Instant.EPOCH,
        Optional.empty());
  }

  /** How long after it was taken all transactions of a snapshot can still be committed. */
  Duration resumableFor(Snapshot snapshot) {
    return snapshot.takenAt().isBefore(startedAt) ? earlierResumableFor : resumableFor;
  }

  /** Whether a snapshot is the savepoint of a finished stop. */
  boolean finished(Snapshot snapshot) {
    return finishedStop.filter(snapshot.name()::equals).isPresent();
  }

  /** The notes for a run that starts now; the entries on snapshots and sinks are kept. */
  SnapshotNotes startedAt(Instant now, Duration newResumableFor, Optional<Snapshot> newest) {
    return new SnapshotNotes(
        now,
        newResumableFor,
        newest.map(this::resumableFor).orElse(newResumableFor),
        finishedStop,
        sinkGeneration,
        sinksSince,
        snapshotsSince,
        freshFrom);
  }

  SnapshotNotes withNewSinks(Instant now) {
    return new SnapshotNotes(
        startedAt,
        resumableFor,
        earlierResumableFor,
        finishedStop,
        sinkGeneration + 1,
        now,
        snapshotsSince,
        freshFrom);
  }

  SnapshotNotes stoppedWith(String savepoint) {
    return new SnapshotNotes(
        startedAt,
        resumableFor,
        earlierResumableFor,
        Optional.of(savepoint),
        sinkGeneration,
        sinksSince,
        snapshotsSince,
        freshFrom);
  }

  static SnapshotNotes from(Properties properties) {
    return new SnapshotNotes(
        Instant.parse(properties.getProperty(STARTED)),
        Duration.ofMillis(Long.parseLong(properties.getProperty(RESUMABLE))),
        Duration.ofMillis(Long.parseLong(properties.getProperty(EARLIER_RESUMABLE))),
        Optional.ofNullable(properties.getProperty(FINISHED_STOP)),
        Integer.parseInt(properties.getProperty(GENERATION)),
        Instant.parse(properties.getProperty(SINKS_SINCE)),
        Instant.parse(properties.getProperty(SNAPSHOTS_SINCE)),
        Optional.ofNullable(properties.getProperty(FRESH_FROM)));
  }

  Properties toProperties() {
    Properties properties = new Properties();
    properties.setProperty(STARTED, startedAt.toString());
    properties.setProperty(RESUMABLE, Long.toString(resumableFor.toMillis()));
    properties.setProperty(EARLIER_RESUMABLE, Long.toString(earlierResumableFor.toMillis()));
    finishedStop.ifPresent(savepoint -> properties.setProperty(FINISHED_STOP, savepoint));
    properties.setProperty(GENERATION, Integer.toString(sinkGeneration));
    properties.setProperty(SINKS_SINCE, sinksSince.toString());
    properties.setProperty(SNAPSHOTS_SINCE, snapshotsSince.toString());
    freshFrom.ifPresent(offsets -> properties.setProperty(FRESH_FROM, offsets));
    return properties;
  }
}
