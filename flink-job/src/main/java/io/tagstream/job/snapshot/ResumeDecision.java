package io.tagstream.job.snapshot;

import io.tagstream.settings.DurationText;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
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
   * <p>Offsets are committed after a checkpoint is complete. So where there are some, there is a
   * snapshot, here or elsewhere; a start without it would answer images again, and end transactions
   * that the snapshot was to commit.
   *
   * @param earlier what Kafka knows of runs of this name
   * @param openBefore how long before a checkpoint its transactions may have begun
   * @throws UserException when the snapshot is too old, damaged or missing, and the wish does not
   *     accept that
   */
  public static ResumeDecision of(
      SnapshotFolder folder,
      Wish wish,
      Optional<EarlierRun> earlier,
      Transactions transactions,
      Duration openBefore,
      Instant now) {
    Duration resumableFor = transactions.timeout().minus(openBefore);
    if (wish.fresh()) {
      return new ResumeDecision(
          Optional.empty(),
          new SnapshotNotes(
              now,
              resumableFor,
              resumableFor,
              Optional.empty(),
              0,
              now,
              now,
              earlier.map(EarlierRun::committed)),
          false);
    }
    SnapshotNotes last = folder.notes().orElseGet(() -> SnapshotNotes.first(resumableFor));
    List<Snapshot> snapshots = folder.newestFirst(last.snapshotsSince());
    refuseDamage(folder, snapshots);
    Optional<Snapshot> newest = snapshots.stream().findFirst();
    SnapshotNotes same = last.startedAt(now, resumableFor, newest);
    if (newest.isEmpty()) {
      refuseMissing(folder, earlier, last);
      return new ResumeDecision(newest, same, false);
    }
    Snapshot snapshot = newest.get();
    Duration age = Duration.between(snapshot.takenAt(), now);
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
    return new ResumeDecision(newest, same, snapshot.takenAt().isBefore(last.sinksSince()));
  }

  private static void refuseDamage(SnapshotFolder folder, List<Snapshot> newestFirst) {
    Optional<Snapshot> newest = newestFirst.stream().findFirst();
    Optional<String> damage = newest.flatMap(Snapshot::damage);
    if (damage.isEmpty()) {
      return;
    }
    Optional<Snapshot> older =
        newestFirst.stream().filter(snapshot -> snapshot.damage().isEmpty()).findFirst();
    throw new UserException(
        "the newest snapshot %s cannot be read: %s; %s"
            .formatted(
                newest.get().location(),
                damage.get(),
                older
                    .map(
                        snapshot ->
                            "once it, and what else is newer, is moved out of %s, a start resumes from %s of %s, and images that were answered since then get a second prediction"
                                .formatted(
                                    folder.shown(),
                                    snapshot.location(),
                                    snapshot.takenAt().truncatedTo(ChronoUnit.SECONDS)))
                    .orElse(
                        "there is no older one, and --fresh starts from the committed offsets, which gives up exactly once")));
  }

  private static void refuseMissing(
      SnapshotFolder folder, Optional<EarlierRun> earlier, SnapshotNotes last) {
    if (earlier.isEmpty() || last.freshFrom().equals(earlier.map(EarlierRun::committed))) {
      return;
    }
    throw new UserException(
        "consumer group %s has committed offsets, so a job of this name has run on this Kafka cluster, but no snapshot of it lies under --checkpoints, in %s: give the --checkpoints of that run (the default depends on the working directory), or another --name, or --fresh, which gives up exactly once and starts from the committed offsets"
            .formatted(earlier.get().group(), folder.shown()));
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
