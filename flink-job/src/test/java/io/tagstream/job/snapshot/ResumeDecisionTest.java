package io.tagstream.job.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.snapshot.ResumeDecision.Transactions;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
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

  private String whole(String name, Instant completedAt) throws IOException {
    Path metadata = Files.createDirectories(checkpoints.resolve("job").resolve(name));
    Files.setLastModifiedTime(
        Files.createFile(metadata.resolve("_metadata")), FileTime.from(completedAt));
    return metadata.toString();
  }

  private ResumeDecision decide(Wish wish, Instant now) {
    return ResumeDecision.of(folder, wish, TRANSACTIONS, Duration.ofSeconds(5), now);
  }

  private static String location(ResumeDecision decision) {
    return decision.snapshot().orElseThrow().location().replaceFirst("^file:", "");
  }

  @Test
  void startsWithoutASnapshotWhereThereIsNone() {
    assertThat(decide(PLAIN, TEN).snapshot()).isEmpty();
  }

  @Test
  void takesTheNewestOfAllRunsAndKinds() throws IOException {
    whole("a/chk-9", TEN.minusSeconds(60));
    whole("savepoint-aa-1", TEN.minusSeconds(30));
    String newest = whole("b/chk-2", TEN.minusSeconds(10));
    ResumeDecision decision = decide(PLAIN, TEN);
    assertThat(location(decision)).isEqualTo(newest);
    assertThat(decision.leaveSinksBehind()).isFalse();
  }

  @Test
  void leavesAnUnfinishedSnapshotAlone() throws IOException {
    String whole = whole("a/chk-1", TEN.minusSeconds(20));
    Files.createDirectories(checkpoints.resolve("job/a/chk-2"));
    assertThat(location(decide(PLAIN, TEN))).isEqualTo(whole);
  }

  @Test
  void refusesACheckpointWhoseTransactionsTimedOutAndNamesTheConsequence() throws IOException {
    whole("a/chk-1", TEN);
    decide(PLAIN, TEN.plus(Duration.ofMinutes(15)).minusSeconds(6));
    assertThatThrownBy(() -> decide(PLAIN, TEN.plus(Duration.ofMinutes(15)).minusSeconds(5)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("transaction.timeout.ms")
        .hasMessageContaining("without one")
        .hasMessageContaining("--accept-loss");
  }

  @Test
  void judgesByTheTimeoutThatTheSnapshotsTransactionsHad() throws IOException {
    folder.write(SnapshotNotes.first(Duration.ofSeconds(30)));
    whole("a/chk-1", TEN);
    // A start with more time that leaves no snapshot of its own.
    folder.write(decide(PLAIN, TEN.plusSeconds(20)).notes());
    assertThatThrownBy(() -> decide(PLAIN, TEN.plusSeconds(60))).isInstanceOf(UserException.class);
    String own = whole("b/chk-1", TEN.plusSeconds(25));
    assertThat(location(decide(PLAIN, TEN.plusSeconds(60)))).isEqualTo(own);
  }

  @Test
  void aNamedSnapshotIsNotJudged() throws IOException {
    whole("a/chk-1", TEN);
    Instant later = TEN.plus(Duration.ofHours(1));
    ResumeDecision named = ResumeDecision.named(folder, TRANSACTIONS, Duration.ofSeconds(5), later);
    assertThat(named.snapshot()).isEmpty();
    folder.write(named.notes());
    assertThatThrownBy(() -> decide(PLAIN, later)).isInstanceOf(UserException.class);
  }

  @Test
  void refusesAnOldSavepointWhoseStopDidNotEnd() throws IOException {
    String finished = whole("savepoint-aa-1", TEN);
    folder.noteFinishedStop(finished);
    whole("savepoint-bb-2", TEN.plusSeconds(1));
    assertThatThrownBy(() -> decide(PLAIN, TEN.plus(Duration.ofHours(1))))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("savepoint-bb-2");
  }

  @Test
  void goesOnFromAnOldCheckpointWhereLossIsAccepted() throws IOException {
    String old = whole("a/chk-1", TEN);
    ResumeDecision decision = decide(ACCEPT_LOSS, TEN.plus(Duration.ofHours(1)));
    assertThat(location(decision)).isEqualTo(old);
    assertThat(decision.leaveSinksBehind()).isFalse();
  }

  @Test
  void neverRefusesWhatAStopWroteForItsAge() throws IOException {
    String savepoint = whole("savepoint-aa-1", TEN);
    folder.noteFinishedStop(savepoint);
    // Nor after a start that died before its first checkpoint.
    folder.write(decide(PLAIN, TEN.plusSeconds(10)).notes());
    ResumeDecision decision = decide(PLAIN, TEN.plus(Duration.ofDays(6)));
    assertThat(location(decision)).isEqualTo(savepoint);
    assertThat(decision.leaveSinksBehind()).isFalse();
  }

  @Test
  void leavesTheSinksBehindOnceTheBrokerForgotTheirIds() throws IOException {
    folder.noteFinishedStop(whole("savepoint-aa-1", TEN));
    Instant later = TEN.plus(Duration.ofDays(8));
    ResumeDecision decision = decide(PLAIN, later);
    assertThat(decision.leaveSinksBehind()).isTrue();
    assertThat(decision.notes().sinkGeneration()).isEqualTo(1);

    // A crash before the first new snapshot: the same again.
    folder.write(decision.notes());
    ResumeDecision again = decide(PLAIN, TEN.plus(Duration.ofDays(6)));
    assertThat(again.leaveSinksBehind()).isTrue();
    assertThat(again.notes().sinkGeneration()).isEqualTo(1);

    // After it: the new sinks' own state.
    folder.write(again.notes());
    whole("b/chk-1", later.plusSeconds(10));
    ResumeDecision last = decide(PLAIN, later.plusSeconds(20));
    assertThat(last.leaveSinksBehind()).isFalse();
    assertThat(last.notes().sinkGeneration()).isEqualTo(1);
  }

  @Test
  void removesTheRunsThatLeftNothing() throws IOException {
    Path job = checkpoints.resolve("job");
    Files.createDirectories(job.resolve("a/shared"));
    Files.createDirectories(job.resolve("a/taskowned"));
    Files.createDirectories(job.resolve("b/shared"));
    Files.createFile(job.resolve("b/shared/state"));
    Files.createDirectories(job.resolve("c/shared"));
    String checkpoint = whole("c/chk-1", TEN);
    folder.removeEmptyRuns();
    assertThat(job.resolve("a")).doesNotExist();
    assertThat(job.resolve("b/shared/state")).exists();
    assertThat(location(decide(PLAIN, TEN))).isEqualTo(checkpoint);
  }

  @Test
  void aFreshStartGivesUpWhatWasBeforeForTheStartsAfterIt() throws IOException {
    whole("a/chk-1", TEN.minusSeconds(10));
    ResumeDecision fresh = decide(FRESH, TEN);
    assertThat(fresh.snapshot()).isEmpty();
    folder.write(fresh.notes());
    assertThat(decide(PLAIN, TEN.plusSeconds(1)).snapshot()).isEmpty();
    String own = whole("b/chk-1", TEN.plusSeconds(2));
    assertThat(location(decide(PLAIN, TEN.plusSeconds(3)))).isEqualTo(own);
  }
}
