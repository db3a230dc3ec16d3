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
   * are gone, while the checkpoint's offsets say that the images are done. A stop commits before it
   * ends, so that its savepoint does not age; but once the broker has forgotten the transactional
   * ids, even a repeated commit fails, and the sinks start without their state.
   *
   * @param openBefore how long before a checkpoint's completion its transactions may have begun
   * @throws UserException when the snapshot is too old and the wish does not accept that
   */
  public static ResumeDecision of(
      SnapshotFolder folder,
      Wish wish,
      Transactions transactions,
      Duration openBefore,
      Instant now) {
    Duration resumableFor = transactions.timeout().minus(openBefore);
    if (wish.fresh()) {
      return new ResumeDecision(
          Optional.empty(),
          new SnapshotNotes(now, resumableFor, resumableFor, Optional.empty(), 0, now, now),
          false);
    }
    SnapshotNotes last = folder.notes().orElseGet(() -> SnapshotNotes.first(resumableFor));
    Optional<Snapshot> newest = folder.newest(last.snapshotsSince());
    SnapshotNotes same = last.startedAt(now, resumableFor, newest);
    if (newest.isEmpty()) {
      return new ResumeDecision(newest, same, false);
    }
    Snapshot snapshot = newest.get();
    Duration age = Duration.between(snapshot.completedAt(), now);
    boolean timedOut = age.compareTo(last.resumableFor(snapshot)) >= 0;
    if (timedOut && !last.finished(snapshot) && !wish.acceptLoss()) {
      throw new UserException(
          "the newest snapshot %s is %s old and no stop of this command ended with it: after %s (transaction.timeout.ms, less what had passed before) the broker may have dropped predictions that it had not committed yet, so some images could stay without one; --accept-loss goes on, --fresh starts from the committed offsets instead"
              .formatted(
                  snapshot.location(),
                  DurationText.format(Duration.ofSeconds(age.toSeconds())),
                  DurationText.format(last.resumableFor(snapshot))));
    }
    if (age.compareTo(transactions.idExpiration()) >= 0) {
      return new ResumeDecision(newest, same.withNewSinks(now), true);
    }
    return new ResumeDecision(newest, same, snapshot.completedAt().isBefore(last.sinksSince()));
  }

  /** For a start whose snapshot was named: nothing is judged, and the notes go on. */
  public static ResumeDecision named(
      SnapshotFolder folder, Transactions transactions, Duration openBefore, Instant now) {
    Duration resumableFor = transactions.timeout().minus(openBefore);
    SnapshotNotes last = folder.notes().orElseGet(() -> SnapshotNotes.first(resumableFor));
    return new ResumeDecision(
        Optional.empty(),
        last.startedAt(now, resumableFor, folder.newest(last.snapshotsSince())),
        false);
  }
}
