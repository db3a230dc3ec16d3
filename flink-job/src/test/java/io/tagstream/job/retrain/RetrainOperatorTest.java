package io.tagstream.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import io.tagstream.job.flow.LabelSignal;
import io.tagstream.job.flow.LabelledAnswer;
import io.tagstream.job.flow.ModelNews;
import io.tagstream.job.flow.RetrainRequest;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.model.store.Verdict;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.settings.RetrainSettings;
import io.tagstream.settings.Settings;
import io.tagstream.trainingstore.RetrainRun;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.StreamTaskActionExecutor;
import org.apache.flink.streaming.runtime.tasks.mailbox.MailboxExecutorImpl;
import org.apache.flink.streaming.util.TwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class RetrainOperatorTest {
  private static final Instant START = Instant.parse("2012-12-03T10:00:00Z");
  private static final String BY = "tagstream job test";

  /**
   * The fake clock runs while the test waits for a thread, on a busy machine for hours: no label
   * may become old enough to start a run by itself.
   */
  private static final RetrainSettings SETTINGS =
      Settings.load(
              Optional.empty(),
              Map.of("retrain.attempts", "3", "retrain.max-age", "30 d"),
              Map.of())
          .get(RetrainSettings.class);

  private static final Duration LOOK = SETTINGS.lookEvery();

  private final FakeStores stores = new FakeStores();
  private TwoInputStreamOperatorTestHarness<LabelSignal, RetrainRequest, ModelNews> harness;
  private MailboxExecutorImpl mailbox;
  private Instant now = START;
  private long checkpoint;

  /** What the sink has committed: each checkpoint commits everything emitted before it. */
  private final List<String> committed = new ArrayList<>();

  private int written;

  @AfterEach
  void close() throws Exception {
    if (harness != null) {
      harness.close();
    }
  }

  private void open(Optional<OperatorSubtaskState> state) throws Exception {
    harness =
        new TwoInputStreamOperatorTestHarness<>(
            new RetrainOperator(SETTINGS, BY, stores, stores, stores), 1, 1, 0);
    mailbox =
        new MailboxExecutorImpl(harness.getTaskMailbox(), 0, StreamTaskActionExecutor.IMMEDIATE);
    ((RetrainOperator) harness.getOperator()).setMailboxExecutor(mailbox);
    harness.setProcessingTime(now.toEpochMilli());
    harness.setup();
    if (state.isPresent()) {
      harness.initializeState(state.get());
    }
    harness.open();
    written = 0;
  }

  private void open() throws Exception {
    open(Optional.empty());
  }

  private OperatorSubtaskState snapshot() throws Exception {
    checkpoint++;
    OperatorSubtaskState state = harness.snapshot(checkpoint, now.toEpochMilli());
    List<ModelNews> all = harness.extractOutputValues();
    all.subList(written, all.size())
        .forEach(news -> committed.add(news.status().word() + " " + news.version()));
    written = all.size();
    return state;
  }

  private void completeCheckpoint() throws Exception {
    snapshot();
    harness.notifyOfCompletedCheckpoint(checkpoint);
  }

  private void tick() throws Exception {
    now = now.plus(LOOK);
    harness.setProcessingTime(now.toEpochMilli());
  }

  /** Runs mails and advances the clock until a condition holds. */
  private void await(BooleanSupplier condition) throws Exception {
    while (!condition.getAsBoolean()) {
      if (!mailbox.tryYield()) {
        tick();
        // A reading is in progress and will send a mail.
        mailbox.yield();
      }
    }
  }

  /** Waits for one more reading of the stores, whatever it starts. */
  private void readStoresAgain() throws Exception {
    Instant before = now;
    await(() -> stores.status.map(status -> status.at().isAfter(before)).orElse(false));
  }

  /** Reads the stores for longer than the time that counts as quiet. */
  private void readStoresUntilQuiet() throws Exception {
    Instant quiet = now.plus(SETTINGS.quietAfter()).plus(LOOK).plus(LOOK);
    while (now.isBefore(quiet)) {
      readStoresAgain();
      completeCheckpoint();
    }
  }

  /** Waits until the run pauses, and returns its status. */
  private RetrainStatus.Run awaitPause() throws Exception {
    AtomicReference<RetrainStatus.Run> paused = new AtomicReference<>();
    await(
        () -> {
          stores
              .status
              .flatMap(RetrainStatus::run)
              .filter(run -> run.pause().isPresent())
              .ifPresent(paused::set);
          return paused.get() != null;
        });
    return paused.get();
  }

  /** Completes checkpoints until a number of runs have their outcome. */
  private void awaitOutcomes(int count) throws Exception {
    while (stores.outcomes.size() < count) {
      readStoresAgain();
      completeCheckpoint();
    }
  }

  private void request(String id) throws Exception {
    request(id, now);
  }

  private void request(String id, Instant at) throws Exception {
    harness.processElement2(new StreamRecord<>(new RetrainRequest(id, "ann", null, at)));
  }

  private void answers(String version, int right, int wrong, String origin) throws Exception {
    for (int i = 0; i < right + wrong; i++) {
      harness.processElement1(
          new StreamRecord<>(
              LabelSignal.answered(
                  new LabelledAnswer(
                      version, "Cat", i < right ? "cat" : "dog", origin, START.plusMillis(i)))));
    }
  }

  private List<String> news() {
    return harness.extractOutputValues().stream()
        .map(news -> news.status().word() + " " + news.version())
        .toList();
  }

  private enum Death {
    BEFORE_MANIFEST,
    AFTER_MANIFEST,
    AFTER_BUNDLE,
    AFTER_PROMOTION,
    AFTER_ANNOUNCEMENT,
    AFTER_CHECKPOINT,
    AFTER_OUTCOME
  }

  /** The input from Kafka, read again if the restored state is older. */
  private void send(RetrainRun.Cause cause) throws Exception {
    switch (cause) {
      case REQUEST -> request("r1");
      case ACCURACY -> answers("v0", 0, 60, "random");
      case LABELS, AGE -> {}
    }
  }

  private void assertOneRunOverADeath(RetrainRun.Cause cause, Death death) throws Exception {
    if (cause == RetrainRun.Cause.LABELS) {
      stores.beforeAnyRun = new StoreCounts(400, 1000, 100, List.of());
    }
    if (cause == RetrainRun.Cause.ACCURACY) {
      // The version stays live, so only the disarmed alarm prevents another run for the fall.
      stores.decision = Verdict.Outcome.NO_GAIN;
      // Too few labels to start a run by themselves.
      stores.beforeAnyRun = new StoreCounts(60, 1000, 100, List.of());
      stores.afterARun = new StoreCounts(60, 1060, 100, List.of());
    }
    stores.noManifest = death == Death.BEFORE_MANIFEST;
    stores.holdBeforeBundle = death == Death.AFTER_MANIFEST;
    stores.holdAfterBundle = death == Death.AFTER_BUNDLE;
    open();
    OperatorSubtaskState state = snapshot();
    send(cause);
    switch (death) {
      case BEFORE_MANIFEST -> await(() -> stores.lostManifests.get() > 0);
      case AFTER_MANIFEST -> await(() -> stores.trainings.contains("v1"));
      case AFTER_BUNDLE -> await(() -> stores.bundles.contains("v1"));
      case AFTER_PROMOTION -> {
        await(() -> !stores.manifests.isEmpty());
        // The mails stay unread: the task never receives them.
        while (cause != RetrainRun.Cause.ACCURACY && stores.changes.isEmpty()) {
          if (stores.trainings.isEmpty()) {
            mailbox.tryYield();
          }
          Thread.onSpinWait();
        }
      }
      case AFTER_ANNOUNCEMENT -> await(() -> !news().isEmpty());
      case AFTER_CHECKPOINT -> {
        await(() -> !news().isEmpty());
        state = snapshot();
      }
      case AFTER_OUTCOME -> {
        await(() -> !news().isEmpty());
        state = snapshot();
        harness.notifyOfCompletedCheckpoint(checkpoint);
        await(() -> !stores.outcomes.isEmpty());
      }
    }
    harness.close();
    stores.noManifest = false;
    stores.holdBeforeBundle = false;
    stores.holdAfterBundle = false;

    open(Optional.of(state));
    if (death.compareTo(Death.AFTER_CHECKPOINT) < 0) {
      send(cause);
    }
    awaitOutcomes(1);
    readStoresUntilQuiet();

    assertThat(stores.manifests).hasSize(1);
    assertThat(stores.manifests.get(0).cause()).isEqualTo(cause);
    assertThat(stores.outcomes).containsOnlyKeys("v1");
    if (cause == RetrainRun.Cause.ACCURACY) {
      assertThat(committed).containsExactly("candidate v1");
      assertThat(stores.changes).isEmpty();
    } else {
      assertThat(committed).containsExactly("candidate v1", "promoted v1");
      assertThat(stores.changes).hasSize(1);
      assertThat(stores.live).isEqualTo("v1");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRequestMakesOneRunWhereverTheProcessDies(Death death) throws Exception {
    assertOneRunOverADeath(RetrainRun.Cause.REQUEST, death);
  }

  @ParameterizedTest
  @EnumSource
  void newLabelsMakeOneRunWhereverTheProcessDies(Death death) throws Exception {
    assertOneRunOverADeath(RetrainRun.Cause.LABELS, death);
  }

  @ParameterizedTest
  @EnumSource
  void aFallMakesOneRunWhereverTheProcessDies(Death death) throws Exception {
    assertOneRunOverADeath(RetrainRun.Cause.ACCURACY, death);
  }

  @Test
  void aFallWaitsForTheImagesThatShowedIt() throws Exception {
    open();
    answers("v0", 0, 60, "random");
    readStoresUntilQuiet();
    assertThat(stores.manifests).isEmpty();
    stores.beforeAnyRun = new StoreCounts(60, 1060, 100, List.of());
    Instant visible = now;
    await(() -> !stores.manifests.isEmpty());
    assertThat(stores.manifests.get(0).cause()).isEqualTo(RetrainRun.Cause.ACCURACY);
    assertThat(stores.manifests.get(0).started())
        .isAfterOrEqualTo(visible.plus(SETTINGS.quietAfter()));
  }

  @Test
  void aCrashWithinAPromotionIsRepaired() throws Exception {
    open();
    OperatorSubtaskState state = snapshot();
    request("r1");
    await(() -> !stores.changes.isEmpty());
    harness.close();
    // The history was written, live was not.
    stores.live = "v0";
    open(Optional.of(state));
    awaitOutcomes(1);
    assertThat(stores.live).isEqualTo("v1");
    assertThat(committed).containsExactly("candidate v1", "promoted v1");
  }

  @Test
  void aUsersChangeAfterAPromotionStays() throws Exception {
    open();
    OperatorSubtaskState state = snapshot();
    request("r1");
    await(() -> !stores.changes.isEmpty());
    harness.close();
    stores.bundles.add("v0");
    stores.promote("v0", "ann");
    open(Optional.of(state));
    awaitOutcomes(1);
    assertThat(stores.live).isEqualTo("v0");
    assertThat(stores.changes).hasSize(2);
    // The topic's last announcement names the live version.
    assertThat(committed).containsExactly("candidate v1", "promoted v1", "promoted v0");
    assertThat(harness.extractOutputValues())
        .filteredOn(news -> news.version().equals("v0"))
        .singleElement()
        .satisfies(
            news -> {
              assertThat(news.by()).isEqualTo("ann");
              assertThat(news.reason()).isEqualTo("it went live before v1 was announced");
            });
  }

  @Test
  void aVersionThatAUserPromotesAtTheSameTimeStays() throws Exception {
    stores.bundles.add("hers");
    stores.fasterThanUs.set("hers");
    open();
    request("r1");
    awaitOutcomes(1);
    assertThat(stores.live).isEqualTo("hers");
    assertThat(stores.changes).hasSize(1);
    assertThat(committed).containsExactly("candidate v1");
    assertThat(stores.outcomes.get("v1").reason()).startsWith("hers went live during the run");
  }

  @Test
  void aVersionThatAUserPromotedDuringTheRunStays() throws Exception {
    stores.holdBeforeBundle = true;
    open();
    request("r1");
    await(() -> stores.trainings.contains("v1"));
    stores.bundles.add("hers");
    stores.promote("hers", "ann");
    stores.permits.release();
    awaitOutcomes(1);
    assertThat(stores.live).isEqualTo("hers");
    assertThat(committed).containsExactly("candidate v1");
    assertThat(stores.outcomes.get("v1").reason())
        .isEqualTo(
            "hers went live during the run, it was compared with v0: top-1 61.0 % instead of 90.0"
                + " %; because");
  }

  @Test
  void labelsThatArriveDuringARunCountForTheNext() throws Exception {
    stores.holdBeforeBundle = true;
    open();
    request("r1");
    request("r2");
    await(() -> stores.trainings.contains("v1"));
    request("r3");
    stores.afterARun = new StoreCounts(400, 1400, 100, List.of());
    readStoresAgain();
    completeCheckpoint();
    assertThat(stores.manifests).hasSize(1);
    stores.permits.release();
    awaitOutcomes(1);
    stores.holdBeforeBundle = false;
    awaitOutcomes(2);
    assertThat(stores.manifests)
        .extracting(RetrainRun::requests)
        .startsWith(List.of("r1", "r2"), List.of("r3"));
  }

  @Test
  void checkpointsCompleteWhileARunTrains() throws Exception {
    stores.holdBeforeBundle = true;
    open();
    request("r1");
    await(() -> stores.trainings.contains("v1"));
    completeCheckpoint();
    OperatorSubtaskState state = snapshot();
    assertThat(stores.trainings).hasSize(1);
    readStoresAgain();
    assertThat(stores.status.orElseThrow().run().orElseThrow().progress().orElseThrow().step())
        .isEqualTo(7);
    // Waits for the training, which then resumes as the same run.
    harness.close();
    assertThat(stores.attempts).containsEntry("v1", 0);
    stores.holdBeforeBundle = false;
    open(Optional.of(state));
    awaitOutcomes(1);
    assertThat(stores.trainings).containsExactly("v1", "v1");
  }

  @Test
  void aFailedAttemptIsRepeatedAfterGrowingPauses() throws Exception {
    stores.failures.set(2);
    open();
    request("r1");
    await(() -> stores.trainings.size() == 1);
    Instant first = now;
    await(() -> stores.trainings.size() == 2);
    Instant second = now;
    await(() -> stores.trainings.size() == 3);
    assertThat(Duration.between(first, second)).isGreaterThanOrEqualTo(SETTINGS.retryAfter());
    assertThat(Duration.between(second, now))
        .isGreaterThanOrEqualTo(SETTINGS.retryAfter().multipliedBy(2));
    awaitOutcomes(1);
    assertThat(committed).containsExactly("candidate v1", "promoted v1");
  }

  @Test
  void theParentOfARunIsHeldBetweenItsAttempts() throws Exception {
    stores.failures.set(1);
    open();
    request("r1");
    await(() -> stores.trainings.size() == 1);
    await(() -> stores.held.equals(Set.of("v0")));
    assertThat(stores.trainings).hasSize(1);
    awaitOutcomes(1);
    readStoresAgain();
    readStoresAgain();
    assertThat(stores.held).isEmpty();

    stores.failures.set(1);
    request("r2");
    await(() -> stores.held.equals(Set.of("v1")));
    harness.close();
    assertThat(stores.held).isEmpty();
  }

  @Test
  void aRunThatKeepsFailingIsAbandonedAndTheNextMayStart() throws Exception {
    stores.failures.set(3);
    open();
    request("r1");
    awaitOutcomes(1);
    assertThat(committed).containsExactly("rejected v1");
    assertThat(stores.outcomes.get("v1").status()).isEqualTo(ModelStatus.REJECTED);
    assertThat(stores.outcomes.get("v1").reason())
        .isEqualTo("the run failed 3 times; the last failure: disk full");
    assertThat(stores.live).isEqualTo("v0");
    request("r2");
    awaitOutcomes(2);
    assertThat(stores.forgotten).contains("v1");
    assertThat(committed).containsExactly("rejected v1", "candidate v2", "promoted v2");
  }

  @Test
  void aRunWhoseProcessDiesEachTimeIsAbandoned() throws Exception {
    open();
    OperatorSubtaskState state = snapshot();
    stores.holdBeforeBundle = true;
    request("r1");
    await(() -> stores.trainings.contains("v1"));
    harness.close();
    // As many attempts began and never reported their end.
    stores.attempts.put("v1", 3);
    open(Optional.of(state));
    awaitOutcomes(1);
    assertThat(stores.trainings).hasSize(1);
    assertThat(committed).containsExactly("rejected v1");
  }

  /** Kills while it trained, and one more after its version was written, or went live. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void attemptsAreNotCountedAgainstAVersionThatIsThere(boolean promoted) throws Exception {
    open();
    OperatorSubtaskState state = snapshot();
    stores.holdBeforeBundle = true;
    request("r1");
    await(() -> stores.trainings.contains("v1"));
    harness.close();
    stores.attempts.put("v1", 3);
    stores.bundles.add("v1");
    if (promoted) {
      stores.promote("v1", BY);
    }
    open(Optional.of(state));
    awaitOutcomes(1);
    assertThat(stores.trainings).hasSize(1);
    assertThat(committed).containsExactly("candidate v1", "promoted v1");
    assertThat(stores.live).isEqualTo("v1");
    assertThat(stores.changes).hasSize(1);
  }

  @Test
  void aWinnerThatCannotGoLiveStaysACandidate() throws Exception {
    stores.noPromotion = true;
    open();
    request("r1");
    awaitOutcomes(1);
    assertThat(stores.trainings).hasSize(1);
    assertThat(committed).containsExactly("candidate v1");
    assertThat(stores.outcomes.get("v1").reason())
        .isEqualTo(
            "it was judged better but could not be made live in 3 attempts; the last failure: no"
                + " space left; ./tagstream model promote v1 makes it live: top-1 61.0 % instead of"
                + " 90.0 %; because");
  }

  @Test
  void aRunIsNotAbandonedBeforeItIsKnownWhetherItWentLive() throws Exception {
    stores.noPromotion = true;
    stores.noHistory = true;
    open();
    request("r1");
    await(() -> stores.historiesAsked.get() > 5);
    assertThat(committed).isEmpty();
    stores.noHistory = false;
    stores.noPromotion = false;
    awaitOutcomes(1);
    assertThat(committed).containsExactly("candidate v1", "promoted v1");
  }

  @Test
  void aFullDiskAtTheEndDelaysOnlyTheNextRun() throws Exception {
    stores.noOutcome = true;
    open();
    request("r1");
    await(() -> !news().isEmpty());
    completeCheckpoint();
    request("r2");
    for (int i = 0; i < 3; i++) {
      readStoresAgain();
      completeCheckpoint();
    }
    assertThat(stores.manifests).hasSize(1);
    stores.noOutcome = false;
    awaitOutcomes(2);
    assertThat(committed)
        .containsExactly("candidate v1", "promoted v1", "candidate v2", "promoted v2");
  }

  @Test
  void storesThatCannotBeReadAreReadAgain() throws Exception {
    stores.unreadable = true;
    open();
    request("r1");
    for (int i = 0; i < 3; i++) {
      tick();
      completeCheckpoint();
    }
    stores.unreadable = false;
    awaitOutcomes(1);
    assertThat(stores.live).isEqualTo("v1");
  }

  @Test
  void anUnexpectedErrorEndsNeitherTheReadingsNorTheRuns() throws Exception {
    stores.error = Optional.of(new StackOverflowError("a folder in itself"));
    open();
    request("r1");
    awaitErrors(2);
    stores.error = Optional.empty();
    stores.noManifestFor = Optional.of(new AssertionError("cannot be"));
    awaitErrors(2);
    stores.noManifestFor = Optional.empty();
    awaitOutcomes(1);
    assertThat(stores.live).isEqualTo("v1");
  }

  private void awaitErrors(int more) throws Exception {
    int errors = stores.errors.get() + more;
    await(() -> stores.errors.get() >= errors);
  }

  private RetrainStatus status() {
    return stores.status.orElseThrow();
  }

  @Test
  void whileTheLiveVersionIsGoneLabelsWaitAndTheStatusNamesTheReason() throws Exception {
    stores.beforeAnyRun = new StoreCounts(400, 1000, 100, List.of());
    stores.gone.add("v0");
    open();
    request("r1");
    readStoresAgain();
    readStoresAgain();
    assertThat(stores.manifests).isEmpty();
    assertThat(status().damage()).contains("v0 is gone");
    assertThat(status().newLabels()).isEqualTo(400);
    assertThat(status().requests()).isEqualTo(1);
    assertThat(status().waiting()).isEmpty();
    stores.gone.clear();
    awaitOutcomes(1);
    readStoresAgain();
    assertThat(status().damage()).isEmpty();
    assertThat(committed).containsExactly("candidate v1", "promoted v1");
  }

  @Test
  void aVersionWhoseDamageOnlyAFullReadingFindsStartsNoRunAndIsNotReadAgainEachTime()
      throws Exception {
    stores.beforeAnyRun = new StoreCounts(400, 1000, 100, List.of());
    stores.damaged.add("v0");
    open();
    await(() -> stores.status.flatMap(RetrainStatus::damage).isPresent());
    for (int i = 0; i < 3; i++) {
      readStoresAgain();
      assertThat(status().damage()).contains("v0 was changed");
    }
    await(() -> stores.readings.size() > 1);
    long pauses = Duration.between(START, now).dividedBy(SETTINGS.retryAfter());
    assertThat(stores.readings).hasSizeLessThanOrEqualTo(1 + (int) pauses);
    assertThat(stores.manifests).isEmpty();
    // A user rolls back.
    stores.live = "before";
    awaitOutcomes(1);
    assertThat(stores.manifests.get(0).parent()).isEqualTo("before");
  }

  @Test
  void aRunWhoseParentIsDamagedWaitsWithoutUsingAnAttempt() throws Exception {
    stores.holdBeforeBundle = true;
    open();
    OperatorSubtaskState state = snapshot();
    request("r1");
    await(() -> stores.trainings.contains("v1"));
    harness.close();
    stores.holdBeforeBundle = false;
    stores.gone.add("v0");
    open(Optional.of(state));
    awaitPause();
    Instant held = now;
    for (int i = 0; i < 20; i++) {
      readStoresAgain();
      completeCheckpoint();
    }
    // The last reading may have begun an attempt that has not yet found the parent missing.
    RetrainStatus.Run run = awaitPause();
    assertThat(run.attempt()).isEqualTo(1);
    assertThat(run.pause().orElseThrow().reason()).isEqualTo("v0 is gone");
    assertThat(now).isAfter(held.plus(SETTINGS.retryAfter().multipliedBy(SETTINGS.attempts())));
    assertThat(stores.trainings).containsExactly("v1");
    assertThat(stores.attempts).containsEntry("v1", 0);
    stores.gone.clear();
    awaitOutcomes(1);
    assertThat(committed).containsExactly("candidate v1", "promoted v1");
  }

  @Test
  void anAttemptThatFindsTheIncumbentDamagedDoesNotCount() throws Exception {
    stores.damagedByTraining = true;
    open();
    request("r1");
    awaitPause();
    assertThat(stores.attempts).containsEntry("v1", 0);
    stores.damagedByTraining = false;
    stores.damaged.clear();
    awaitOutcomes(1);
    assertThat(committed).containsExactly("candidate v1", "promoted v1");
  }

  @Test
  void aRunWhoseDamagedParentIsNoLongerLiveGivesItsLabelsToTheNext() throws Exception {
    stores.beforeAnyRun = new StoreCounts(400, 1000, 100, List.of());
    stores.damagedByTraining = true;
    open();
    awaitPause();
    stores.damagedByTraining = false;
    stores.bundles.add("before");
    stores.promote("before", "ann");
    awaitOutcomes(2);
    assertThat(committed).containsExactly("rejected v1", "candidate v2", "promoted v2");
    assertThat(stores.outcomes.get("v1").reason())
        .isEqualTo(
            "its parent v0 is damaged and no longer live; its labels count for the next run");
    assertThat(stores.manifests.get(1).parent()).isEqualTo("before");
    assertThat(stores.manifests.get(1).cause()).isEqualTo(RetrainRun.Cause.LABELS);
  }

  @Test
  void betweenTwoAttemptsTheStatusNamesTimeAndReason() throws Exception {
    stores.failures.set(1);
    open();
    request("r1");
    RetrainStatus.Run run = awaitPause();
    assertThat(run.attempt()).isEqualTo(2);
    assertThat(run.progress()).isEmpty();
    RetrainStatus.Pause pause = run.pause().orElseThrow();
    assertThat(pause.reason()).isEqualTo("attempt 1 failed: disk full");
    assertThat(pause.until()).isAfter(now).isBeforeOrEqualTo(now.plus(SETTINGS.retryAfter()));
    stores.holdBeforeBundle = true;
    await(() -> stores.trainings.size() == 2);
    readStoresAgain();
    assertThat(status().run().orElseThrow().pause()).isEmpty();
  }

  @Test
  void theStatusShowsATrainingThatStoppedWithItsJob() throws Exception {
    stores.holdBeforeBundle = true;
    open();
    request("r1");
    await(() -> stores.trainings.contains("v1"));
    readStoresAgain();
    assertThat(status().stopped()).isEmpty();
    harness.close();
    assertThat(status().stopped()).isPresent();
    assertThat(status().run().orElseThrow().version()).isEqualTo("v1");
  }

  @Test
  void labelsThatWaitForTheirImagesAreCounted() throws Exception {
    open();
    readStoresAgain();
    assertThat(status().labelsWaiting()).isEmpty();
    harness.processElement1(new StreamRecord<>(LabelSignal.waiting(12)));
    readStoresAgain();
    assertThat(status().labelsWaiting()).contains(12L);
  }

  @Test
  void nothingIsEmittedAfterTheInputsEnded() throws Exception {
    stores.holdBeforeBundle = true;
    open();
    request("r1");
    await(() -> stores.trainings.contains("v1"));
    harness.getOperator().finish();
    stores.permits.release();
    await(() -> stores.live.equals("v1"));
    readStoresAgain();
    readStoresAgain();
    assertThat(news()).isEmpty();
    assertThat(stores.outcomes).isEmpty();
  }

  @Test
  void nothingStartsWhileTooFewImagesAreHeldOut() throws Exception {
    stores.beforeAnyRun = new StoreCounts(900, 1000, 24, List.of());
    open();
    request("r1");
    readStoresAgain();
    readStoresAgain();
    assertThat(stores.manifests).isEmpty();
    assertThat(stores.status.orElseThrow().requests()).isEqualTo(1);
    assertThat(stores.status.orElseThrow().waiting()).containsExactly("of v0");
    stores.beforeAnyRun = new StoreCounts(900, 1000, 25, List.of());
    awaitOutcomes(1);
  }

  @Test
  void labelsSelectedByPredictionDoNotCountForTheLiveAccuracy() throws Exception {
    open();
    answers("v0", 0, 100, "correction");
    answers("v0", 0, 100, "uncertain");
    readStoresAgain();
    readStoresAgain();
    assertThat(stores.manifests).isEmpty();
    answers("v0", 60, 0, "producer");
    readStoresAgain();
    assertThat(stores.status.orElseThrow().accuracy().get("v0").labels()).isEqualTo(60);
  }

  /**
   * Each request is stored in the state and in the run's manifest, and one run answers all of them.
   */
  @Test
  void oneRunAnswersAllRequestsAndNamesAtMostAThousand() throws Exception {
    stores.beforeAnyRun = new StoreCounts(900, 1000, 24, List.of());
    open();
    for (int i = 0; i < 200_000; i++) {
      request("r" + i % 100_000);
    }
    readStoresAgain();
    readStoresAgain();
    assertThat(stores.status.orElseThrow().requests()).isEqualTo(1000);
    stores.beforeAnyRun = new StoreCounts(900, 1000, 25, List.of());
    awaitOutcomes(1);
    assertThat(stores.manifests)
        .first()
        .extracting(RetrainRun::requests)
        .asInstanceOf(LIST)
        .hasSize(1000);
    readStoresAgain();
    assertThat(stores.status.orElseThrow().requests()).isZero();
  }

  @Test
  void aRequestTwoDaysOldIsIgnored() throws Exception {
    open();
    request("r1", START.minus(Duration.ofDays(2)));
    readStoresAgain();
    readStoresAgain();
    assertThat(stores.manifests).isEmpty();
  }

  @Test
  void theAnnouncementContainsTheVerdict() throws Exception {
    open();
    request("r1");
    await(() -> !news().isEmpty());
    ModelNews promoted = harness.extractOutputValues().get(1);
    assertThat(promoted.by()).isEqualTo(BY);
    assertThat(promoted.reason()).isEqualTo("top-1 61.0 % instead of 90.0 %; because");
    assertThat(promoted.judgement())
        .isEqualTo(
            new ModelNews.Judgement(
                "promoted",
                100,
                0.61,
                1,
                "v0",
                0.9,
                1.0,
                10,
                20,
                0.9,
                List.of(
                    new ModelNews.Confusion("cat", "cat", 61),
                    new ModelNews.Confusion("cat", "dog", 39))));
  }

  @Test
  void anIncumbentIsExpectedToReachItsAccuracyInTheLastRun() throws Exception {
    stores.decision = Verdict.Outcome.NO_GAIN;
    stores.incumbentTop1 = 0.05;
    open();
    request("r1");
    awaitOutcomes(1);
    stores.afterARun = new StoreCounts(199, 1199, 100, List.of());
    // Far below the 90 % of its own run, but equal to its accuracy on the present held-out images.
    answers("v0", 5, 195, "random");
    OperatorSubtaskState state = snapshot();
    readStoresUntilQuiet();
    assertThat(stores.manifests).hasSize(1);
    harness.close();
    open(Optional.of(state));
    readStoresUntilQuiet();
    assertThat(stores.manifests).hasSize(1);
  }
}
