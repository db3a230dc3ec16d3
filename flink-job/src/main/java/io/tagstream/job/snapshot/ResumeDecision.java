package io.tagstream.job.snapshot;

import io.tagstream.settings.DurationText;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * What a job resumes from.
 *
 * @param snapshot the snapshot to resume from; empty for a start without one
 * @param notes to write for the next start
 * @param dropSinkState whether the snapshot's state of the sinks is dropped
 */
public record ResumeDecision(
    Optional<Snapshot> snapshot, SnapshotNotes notes, boolean dropSinkState) {

  /**
   * The user's options.
   *
   * @param fresh resume from no snapshot, without the guarantee of exactly once
   * @param acceptLoss resume even from a snapshot that is too old
   */
  public record Wish(boolean fresh, boolean acceptLoss) {}

  /**
   * The broker's limits on transactions.
   *
   * @param timeout the time-out of the job's transactions
   * @param idExpiration the time after which the broker forgets an unused transactional id
   */
  public record Transactions(Duration timeout, Duration idExpiration) {}

  /**
   * Decides by the age of the newest snapshot.
   *
   * <p>A checkpoint holds transactions that are committed after it. If the process crashed in
   * between, the next run commits them, unless the broker has ended them: then their predictions
   * are lost, although the checkpoint's offsets are behind their images. A stop commits before it
   * ends, so its savepoint does not age; but once the broker has forgotten the transactional ids,
   * even a repeated commit fails, and the sinks start without their state.
   *
   * <p>Offsets are committed after a checkpoint is complete, so committed offsets imply a snapshot,
   * here or elsewhere. A start without it would answer images again and abort the transactions that
   * the snapshot still has to commit.
   *
   * @param earlier the offsets that runs of this name committed
   * @param openBefore the longest time between the begin of a transaction and its checkpoint
   * @throws UserException if the snapshot is too old, damaged or missing, and the user's options do
   *     not accept that
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
          "the newest snapshot %s is %s old and no stop of this command ended with it: after %s (transaction.timeout.ms, less the time before the snapshot) the broker may have aborted predictions that were not committed yet, so some images may have no prediction; --accept-loss resumes from it, --fresh starts from the committed offsets instead"
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
                            "if you move it, and any other snapshot newer than the next one, out of %s, a start resumes from %s of %s, and images that were answered since then get a second prediction"
                                .formatted(
                                    folder.shown(),
                                    snapshot.location(),
                                    snapshot.takenAt().truncatedTo(ChronoUnit.SECONDS)))
                    .orElse(
                        "there is no older one; --fresh starts from the committed offsets, which"
                            + " does not guarantee exactly once")));
  }

  private static void refuseMissing(
      SnapshotFolder folder, Optional<EarlierRun> earlier, SnapshotNotes last) {
    if (earlier.isEmpty() || last.freshFrom().equals(earlier.map(EarlierRun::committed))) {
      return;
    }
    throw new UserException(
        "consumer group %s has committed offsets, so a job of this name has run on this Kafka cluster, but no snapshot of it lies under --checkpoints, in %s: give the --checkpoints of that run (the default depends on the working directory), or another --name, or --fresh, which does not guarantee exactly once and starts from the committed offsets"
            .formatted(earlier.get().group(), folder.shown()));
  }

  /**
   * The decision for a start with an explicit snapshot: it is not checked, and the notes are
   * carried over.
   */
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
