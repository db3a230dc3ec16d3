package io.tagstream.job.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.snapshot.ResumeDecision.Transactions;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.settings.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResumeDecisionTest {
  private static final Instant TEN = Instant.parse("2012-12-03T10:00:00Z");
  private static final Wish PLAIN = new Wish(false, false);
  private static final Wish FRESH = new Wish(true, false);
  private static final Wish ACCEPT_LOSS = new Wish(false, true);
  private static final Transactions TRANSACTIONS =
      new Transactions(Duration.ofMinutes(15), Duration.ofDays(7));

  @TempDir private Path checkpoints;
  private SnapshotFolder folder;

  @BeforeEach
  void openFolder() {
    // Transactions may have begun five seconds before their checkpoint was complete.
    folder = new SnapshotFolder(checkpoints.toString(), "job");
    folder.write(SnapshotNotes.first(TRANSACTIONS.timeout().minusSeconds(5)));
  }

  /** Snapshots of an earlier release: the files' times count. */
  private String whole(String name, Instant completedAt) throws Exception {
    return new SnapshotFiles(checkpoints.resolve("job")).withoutRecord(name, completedAt);
  }

  private ResumeDecision decide(Wish wish, Instant now) {
    return decide(wish, Optional.empty(), now);
  }

  private ResumeDecision decide(Wish wish, Optional<EarlierRun> earlier, Instant now) {
    return ResumeDecision.of(folder, wish, earlier, TRANSACTIONS, Duration.ofSeconds(5), now);
  }

  private static Optional<EarlierRun> committed(long offset) {
    return Optional.of(new EarlierRun("tagstream-job", "{images-0=%d}".formatted(offset)));
  }

  private static String location(ResumeDecision decision) {
    return decision.snapshot().orElseThrow().location().replaceFirst("^file:", "");
  }

  @Test
  void startsWithoutASnapshotIfNoneExists() {
    assertThat(decide(PLAIN, TEN).snapshot()).isEmpty();
  }

  @Test
  void refusesToStartWithoutTheSnapshotOfAnEarlierRun() {
    assertThatThrownBy(() -> decide(PLAIN, committed(40), TEN))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("consumer group tagstream-job has committed offsets")
        .hasMessageContaining("a job of this name has run")
        .hasMessageContaining("--checkpoints, in " + checkpoints.resolve("job"))
        .hasMessageContaining("working directory")
        .hasMessageContaining("another --name")
        .hasMessageContaining("--fresh, which does not guarantee exactly once");
    assertThatThrownBy(() -> decide(ACCEPT_LOSS, committed(40), TEN))
        .isInstanceOf(UserException.class);
  }

  @Test
  void startsWithoutThatSnapshotIfTheUserAbandonsIt() {
    assertThat(decide(FRESH, committed(40), TEN).snapshot()).isEmpty();
  }

  @Test
  void resumesFromASnapshotWhateverOffsetsAreCommitted() throws Exception {
    String newest = whole("a/chk-1", TEN);
    assertThat(location(decide(PLAIN, committed(40), TEN.plusSeconds(1)))).isEqualTo(newest);
  }

  @Test
  void aFreshStartAppliesUntilItsRunHasCommittedOffsets() throws Exception {
    folder.write(decide(FRESH, committed(40), TEN).notes());
    // The run crashed before its first checkpoint, and so did the next one.
    ResumeDecision second = decide(PLAIN, committed(40), TEN.plusSeconds(10));
    assertThat(second.snapshot()).isEmpty();
    folder.write(second.notes());
    assertThat(decide(PLAIN, committed(40), TEN.plusSeconds(20)).snapshot()).isEmpty();
    // The run wrote a snapshot, and a user removed it.
    assertThatThrownBy(() -> decide(PLAIN, committed(50), TEN.plusSeconds(30)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("tagstream-job");
  }

  @Test
  void namesTheSnapshotBeforeADamagedOne() throws Exception {
    SnapshotFiles files = new SnapshotFiles(checkpoints.resolve("job"));
    String older = files.write("a/chk-8", TEN, TEN);
    String damaged = files.damaged("a/chk-9", TEN.plusSeconds(5));
    assertThatThrownBy(() -> decide(PLAIN, TEN.plusSeconds(10)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(damaged + " cannot be read")
        .hasMessageContaining(" out of " + checkpoints.resolve("job"))
        .hasMessageContaining("resumes from file:" + older)
        .hasMessageContaining("second prediction");
  }

  @Test
  void refusesACopyOfAnOldCheckpoint() throws Exception {
    new SnapshotFiles(checkpoints.resolve("job")).write("a/chk-1", TEN, TEN.plusSeconds(3600));
    assertThatThrownBy(() -> decide(PLAIN, TEN.plusSeconds(3601)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("chk-1 is ")
        .hasMessageContaining("transaction.timeout.ms");
  }

  @Test
  void takesTheNewestOfAllRunsAndKinds() throws Exception {
    whole("a/chk-9", TEN.minusSeconds(60));
    whole("savepoint-aa-1", TEN.minusSeconds(30));
    String newest = whole("b/chk-2", TEN.minusSeconds(10));
    ResumeDecision decision = decide(PLAIN, TEN);
    assertThat(location(decision)).isEqualTo(newest);
    assertThat(decision.dropSinkState()).isFalse();
  }

  @Test
  void ignoresAnUnfinishedSnapshot() throws Exception {
    String whole = whole("a/chk-1", TEN.minusSeconds(20));
    Files.createDirectories(checkpoints.resolve("job/a/chk-2"));
    assertThat(location(decide(PLAIN, TEN))).isEqualTo(whole);
  }

  @Test
  void refusesACheckpointWhoseTransactionsTimedOutAndNamesTheConsequence() throws Exception {
    whole("a/chk-1", TEN);
    decide(PLAIN, TEN.plus(Duration.ofMinutes(15)).minusSeconds(6));
    assertThatThrownBy(() -> decide(PLAIN, TEN.plus(Duration.ofMinutes(15)).minusSeconds(5)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("transaction.timeout.ms")
        .hasMessageContaining("some images may have no prediction")
        .hasMessageContaining("--accept-loss");
  }

  @Test
  void judgesByTheTimeoutOfTheSnapshotsTransactions() throws Exception {
    folder.write(SnapshotNotes.first(Duration.ofSeconds(30)));
    whole("a/chk-1", TEN);
    // A start with a longer time-out that writes no snapshot.
    folder.write(decide(PLAIN, TEN.plusSeconds(20)).notes());
    assertThatThrownBy(() -> decide(PLAIN, TEN.plusSeconds(60))).isInstanceOf(UserException.class);
    String own = whole("b/chk-1", TEN.plusSeconds(25));
    assertThat(location(decide(PLAIN, TEN.plusSeconds(60)))).isEqualTo(own);
  }

  @Test
  void aNamedSnapshotIsNotJudged() throws Exception {
    whole("a/chk-1", TEN);
    Instant later = TEN.plus(Duration.ofHours(1));
    ResumeDecision named = ResumeDecision.named(folder, TRANSACTIONS, Duration.ofSeconds(5), later);
    assertThat(named.snapshot()).isEmpty();
    folder.write(named.notes());
    assertThatThrownBy(() -> decide(PLAIN, later)).isInstanceOf(UserException.class);
  }

  @Test
  void refusesAnOldSavepointWhoseStopDidNotEnd() throws Exception {
    String finished = whole("savepoint-aa-1", TEN);
    folder.noteFinishedStop(finished);
    whole("savepoint-bb-2", TEN.plusSeconds(1));
    assertThatThrownBy(() -> decide(PLAIN, TEN.plus(Duration.ofHours(1))))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("savepoint-bb-2");
  }

  @Test
  void resumesFromAnOldCheckpointIfLossIsAccepted() throws Exception {
    String old = whole("a/chk-1", TEN);
    ResumeDecision decision = decide(ACCEPT_LOSS, TEN.plus(Duration.ofHours(1)));
    assertThat(location(decision)).isEqualTo(old);
    assertThat(decision.dropSinkState()).isFalse();
  }

  @Test
  void neverRefusesTheSavepointOfAFinishedStopForItsAge() throws Exception {
    String savepoint = whole("savepoint-aa-1", TEN);
    folder.noteFinishedStop(savepoint);
    // Nor after a start that crashed before its first checkpoint.
    folder.write(decide(PLAIN, TEN.plusSeconds(10)).notes());
    ResumeDecision decision = decide(PLAIN, TEN.plus(Duration.ofDays(6)));
    assertThat(location(decision)).isEqualTo(savepoint);
    assertThat(decision.dropSinkState()).isFalse();
  }

  @Test
  void dropsTheSinksStateOnceTheBrokerForgotTheirIds() throws Exception {
    folder.noteFinishedStop(whole("savepoint-aa-1", TEN));
    Instant later = TEN.plus(Duration.ofDays(8));
    ResumeDecision decision = decide(PLAIN, later);
    assertThat(decision.dropSinkState()).isTrue();
    assertThat(decision.notes().sinkGeneration()).isEqualTo(1);

    // After a crash before the first new snapshot, the decision is the same.
    folder.write(decision.notes());
    ResumeDecision again = decide(PLAIN, TEN.plus(Duration.ofDays(6)));
    assertThat(again.dropSinkState()).isTrue();
    assertThat(again.notes().sinkGeneration()).isEqualTo(1);

    // After the first new snapshot, the new sinks resume their state.
    folder.write(again.notes());
    whole("b/chk-1", later.plusSeconds(10));
    ResumeDecision last = decide(PLAIN, later.plusSeconds(20));
    assertThat(last.dropSinkState()).isFalse();
    assertThat(last.notes().sinkGeneration()).isEqualTo(1);
  }

  @Test
  void aFreshStartAbandonsEarlierSnapshotsForLaterStartsToo() throws Exception {
    whole("a/chk-1", TEN.minusSeconds(10));
    ResumeDecision fresh = decide(FRESH, TEN);
    assertThat(fresh.snapshot()).isEmpty();
    folder.write(fresh.notes());
    assertThat(decide(PLAIN, TEN.plusSeconds(1)).snapshot()).isEmpty();
    String own = whole("b/chk-1", TEN.plusSeconds(2));
    assertThat(location(decide(PLAIN, TEN.plusSeconds(3)))).isEqualTo(own);
  }
}
