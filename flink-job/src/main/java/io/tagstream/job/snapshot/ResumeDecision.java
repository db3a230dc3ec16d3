package io.tagstream.job.snapshot;

import io.tagstream.settings.DurationText;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How a job starts.
 *
 * @param snapshot what it resumes from
 * @param notes to be kept for the next start
 * @param leaveSinksBehind whether the snapshot's state of the sinks is left out
 */
public record ResumeDecision(
    Optional<Snapshot> snapshot, SnapshotNotes notes, boolean leaveSinksBehind) {

  /**
   * What the user wants.
   *
   * @param fresh no snapshot, which gives up exactly once
   * @param acceptLoss a snapshot may be too old
   */
  public record Wish(boolean fresh, boolean acceptLoss) {}

  /**
   * What the broker does with transactions.
   *
   * @param timeout that the job's transactions will have
   * @param idExpiration after which it forgets an unused transactional id
   */
  public record Transactions(Duration timeout, Duration idExpiration) {}

  /**
   * Judges the newest snapshot by its age.
   *
   * <p>A checkpoint holds transactions that were to be committed after it. If the process died in
   * between, the next run commits them, unless the broker has ended them: then their predictions
   * are gone, while the checkpoint's offsets say that the images are done. A transaction may have
   * begun one checkpoint interval before. A stop commits before it ends, so that its savepoint does
   * not age; but once the broker has forgotten the transactional ids, even a repeated commit fails,
   * and the sinks start without their state.
   *
   * @throws UserException when the snapshot is too old and the wish does not accept that
   */
  public static ResumeDecision of(
      SnapshotFolder folder,
      Wish wish,
      Transactions transactions,
      Duration checkpointInterval,
      Instant now) {
    if (wish.fresh()) {
      return new ResumeDecision(
          Optional.empty(), new SnapshotNotes(transactions.timeout(), 0, now, now), false);
    }
    SnapshotNotes last =
        folder.notes().orElseGet(() -> SnapshotNotes.first(transactions.timeout()));
    Optional<Snapshot> newest = folder.newest(last.snapshotsSince());
    SnapshotNotes same =
        new SnapshotNotes(
            transactions.timeout(),
            last.sinkGeneration(),
            last.sinksSince(),
            last.snapshotsSince());
    if (newest.isEmpty()) {
      return new ResumeDecision(newest, same, false);
    }
    Snapshot snapshot = newest.get();
    Duration age = Duration.between(snapshot.completedAt(), now);
    boolean timedOut = age.plus(checkpointInterval).compareTo(last.transactionTimeout()) >= 0;
    if (timedOut && !snapshot.finishedStop() && !wish.acceptLoss()) {
      throw new UserException(
          "the newest snapshot %s is %s old and no stop wrote it: after %s (transaction.timeout.ms) the broker may have dropped predictions that it had not committed yet, so some images could stay without one; --accept-loss goes on, --fresh starts from the committed offsets instead"
              .formatted(
                  snapshot.location(),
                  DurationText.format(Duration.ofSeconds(age.toSeconds())),
                  DurationText.format(last.transactionTimeout())));
    }
    if (age.compareTo(transactions.idExpiration()) >= 0) {
      return new ResumeDecision(
          newest,
          new SnapshotNotes(
              transactions.timeout(), last.sinkGeneration() + 1, now, last.snapshotsSince()),
          true);
    }
    return new ResumeDecision(newest, same, snapshot.completedAt().isBefore(last.sinksSince()));
  }
}
