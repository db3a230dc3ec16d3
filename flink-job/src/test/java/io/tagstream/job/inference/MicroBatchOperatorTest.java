package io.tagstream.job.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.LabelSignal;
import io.tagstream.job.flow.LabelledAnswer;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.flow.Tag;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.flow.TrueLabel;
import io.tagstream.job.flow.UnansweredImage;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.settings.InferenceSettings;
import io.tagstream.settings.Settings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Delayed;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.api.operators.StreamOperatorUtils;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.apache.flink.streaming.runtime.tasks.StreamTaskActionExecutor;
import org.apache.flink.streaming.runtime.tasks.mailbox.MailboxExecutorImpl;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.TwoInputStreamOperatorTestHarness;
import org.apache.flink.util.clock.Clock;
import org.apache.flink.util.clock.SystemClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MicroBatchOperatorTest {
  private static final Instant CAPTURED = Instant.parse("2012-12-03T10:00:00Z");
  private static final Instant APPENDED = Instant.parse("2012-12-03T10:00:01Z");
  private static final Instant DECODED = Instant.parse("2012-12-03T10:00:02Z");

  private final FakeModels models = new FakeModels();
  private final FakeModels.State store = models.state();
  private TwoInputStreamOperatorTestHarness<DecodedImage, LiveModelChanged, TaggedImage> harness;
  private MicroBatchOperator operator;
  private MailboxExecutorImpl mailbox;
  private long sent;

  @AfterEach
  void close() throws Exception {
    store.hold = false;
    store.permits.release(1000);
    store.loadPermits.release(1000);
    if (harness != null) {
      harness.close();
    }
  }

  private void setUp(int maxCrops, int views) throws Exception {
    operator =
        new MicroBatchOperator(
            models,
            new MicroBatching(maxCrops, Duration.ofMillis(50), views),
            new CropGeometry(FakeModels.RESIZE, FakeModels.CROP),
            Settings.defaults().get(InferenceSettings.class),
            NotePlace.nowhere());
    harness = new TwoInputStreamOperatorTestHarness<>(operator, 1, 1, 0);
    mailbox =
        new MailboxExecutorImpl(harness.getTaskMailbox(), 0, StreamTaskActionExecutor.IMMEDIATE);
    operator.setMailboxExecutor(mailbox);
    harness.setup();
  }

  private void open(int maxCrops, int views) throws Exception {
    setUp(maxCrops, views);
    harness.open();
  }

  private static DecodedImage image(long offset, int views) {
    return new DecodedImage(
        new Coordinates("images", 0, offset),
        "image-" + offset,
        Optional.of(new TrueLabel("cat", "producer", APPENDED)),
        false,
        Optional.of(CAPTURED),
        APPENDED,
        DECODED,
        100,
        FakeModels.pixels((int) (offset % 3), views));
  }

  private void send(int images) throws Exception {
    send(images, 1);
  }

  private void send(int images, int views) throws Exception {
    for (int i = 0; i < images; i++) {
      harness.processElement1(new StreamRecord<>(image(sent, views), 1000 + sent));
      sent++;
    }
  }

  private void announce() throws Exception {
    harness.processElement2(
        new StreamRecord<>(new LiveModelChanged(new Coordinates("model-updates", 0, 0))));
  }

  /** Runs mails until this many predictions were emitted. */
  private void awaitPredictions(int count) throws Exception {
    while (harness.extractOutputValues().size() < count) {
      mailbox.yield();
    }
  }

  private List<Long> answeredOffsets() {
    return harness.extractOutputValues().stream().map(tagged -> tagged.source().offset()).toList();
  }

  private static List<Long> upTo(long end) {
    List<Long> offsets = new ArrayList<>();
    for (long i = 0; i < end; i++) {
      offsets.add(i);
    }
    return offsets;
  }

  @Test
  void aFullBatchIsComputedAtOnceOffTheTasksThread() throws Exception {
    open(4, 1);
    send(4);
    awaitPredictions(4);
    assertThat(store.batches).containsExactly(4);
    assertThat(store.inferenceThreads)
        .singleElement()
        .asString()
        .startsWith("inference")
        .isNotEqualTo(Thread.currentThread().getName());
    assertThat(answeredOffsets()).isEqualTo(upTo(4));
  }

  @Test
  void aPredictionCarriesTheFieldsOfItsImageAndTheVersion() throws Exception {
    open(1, 1);
    sent = 2;
    Instant before = Instant.now();
    send(1);
    awaitPredictions(1);
    TaggedImage answer = harness.extractOutputValues().get(0);
    assertThat(answer.source()).isEqualTo(new Coordinates("images", 0, 2));
    assertThat(answer.imageId()).isEqualTo("image-2");
    assertThat(answer.label()).isEqualTo("cat");
    assertThat(answer.modelVersion()).isEqualTo("v1");
    assertThat(answer.views()).isEqualTo(1);
    assertThat(answer.tags())
        .containsExactly(new Tag("cat", 2, 0.8f), new Tag("ant", 0, 0.1f), new Tag("bee", 1, 0.1f));
    assertThat(answer.capturedAt()).isEqualTo(CAPTURED);
    assertThat(answer.appendedAt()).isEqualTo(APPENDED);
    assertThat(answer.decodedAt()).isEqualTo(DECODED);
    assertThat(answer.predictedAt()).isBetween(before, Instant.now());
    assertThat(harness.extractOutputStreamRecords().get(0).getTimestamp()).isEqualTo(1002);
  }

  @Test
  void thePredictionOfALabelledImageIsAlsoASideOutput() throws Exception {
    open(1, 1);
    sent = 2;
    send(1);
    awaitPredictions(1);
    assertThat(harness.getSideOutput(MicroBatchOperator.LABELLED))
        .singleElement()
        .extracting(StreamRecord::getValue)
        .isEqualTo(
            LabelSignal.answered(new LabelledAnswer("v1", "cat", "cat", "producer", APPENDED)));
  }

  @Test
  void anImageThatComesAgainGetsNoSecondPrediction() throws Exception {
    open(2, 1);
    DecodedImage again = image(0, 1);
    again.again = true;
    DecodedImage unlabelled = image(1, 1);
    unlabelled.truth = null;
    harness.processElement1(new StreamRecord<>(again));
    harness.processElement1(new StreamRecord<>(unlabelled));
    awaitPredictions(1);
    assertThat(answeredOffsets()).containsExactly(1L);
    assertThat(harness.extractOutputValues().get(0).label()).isNull();
    assertThat(harness.getSideOutput(MicroBatchOperator.LABELLED))
        .singleElement()
        .satisfies(answer -> assertThat(answer.getValue().answer().answer()).isEqualTo("ant"));
  }

  @Test
  void anImagesCropsStayInOneBatch() throws Exception {
    open(32, 10);
    send(7, 10);
    harness.prepareSnapshotPreBarrier(1);
    assertThat(store.batches).containsExactly(3, 3, 1);
    assertThat(answeredOffsets()).isEqualTo(upTo(7));
  }

  @Test
  void aBatchIsFlushedWhenItsFirstImageHasWaited() throws Exception {
    open(4, 1);
    harness.setProcessingTime(100);
    send(1);
    harness.setProcessingTime(149);
    send(1);
    assertThat(store.batches).isEmpty();
    harness.setProcessingTime(150);
    awaitPredictions(2);
    assertThat(store.batches).containsExactly(2);
  }

  @Test
  void aBatchThatIsDueGrowsWhileTheEngineIsBusy() throws Exception {
    open(4, 1);
    store.hold = true;
    harness.setProcessingTime(100);
    send(4);
    send(1);
    harness.setProcessingTime(150);
    send(2);
    store.permits.release(2);
    // Without another image or timer: the results of the first batch flush the second.
    awaitPredictions(7);
    assertThat(store.batches).containsExactly(4, 3);
  }

  @Test
  void theNextBatchWaitsFromItsOwnFirstImage() throws Exception {
    open(3, 1);
    harness.setProcessingTime(100);
    send(3);
    harness.setProcessingTime(140);
    send(1);
    harness.setProcessingTime(189);
    harness.prepareSnapshotPreBarrier(1);
    send(1);
    // The previous batch would have been due at 190.
    harness.setProcessingTime(238);
    send(1);
    harness.setProcessingTime(239);
    awaitPredictions(6);
    assertThat(store.batches).containsExactly(3, 1, 2);
  }

  @Test
  void aTimerThatCouldNotBeCancelledDoesNotFlushTheNextBatch() throws Exception {
    setUp(2, 1);
    DeafTimers timers = new DeafTimers();
    StreamOperatorUtils.setProcessingTimeService(operator, timers);
    harness.open();
    send(2);
    awaitPredictions(2);
    send(1);
    timers.registered.get(0).onProcessingTime(50);
    send(1);
    awaitPredictions(4);
    assertThat(store.batches).containsExactly(2, 2);
  }

  /** Timers that cannot be cancelled, like those that are already in the mailbox. */
  private static final class DeafTimers implements ProcessingTimeService {
    final List<ProcessingTimeCallback> registered = new ArrayList<>();

    @Override
    public ScheduledFuture<?> registerTimer(long timestamp, ProcessingTimeCallback target) {
      registered.add(target);
      return new DeafTimer();
    }

    @Override
    public Clock getClock() {
      return SystemClock.getInstance();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(
        ProcessingTimeCallback callback, long initialDelay, long period) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(
        ProcessingTimeCallback callback, long initialDelay, long period) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Void> quiesce() {
      return CompletableFuture.completedFuture(null);
    }
  }

  private static final class DeafTimer extends CompletableFuture<Void>
      implements ScheduledFuture<Void> {
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      return false;
    }

    @Override
    public long getDelay(TimeUnit unit) {
      return 0;
    }

    @Override
    public int compareTo(Delayed other) {
      return 0;
    }
  }

  @Test
  void aBarrierLeavesOnlyAfterEveryImageBeforeIt() throws Exception {
    open(2, 1);
    store.hold = true;
    send(2);
    send(2);
    send(1);
    assertThat(harness.extractOutputValues()).isEmpty();
    store.permits.release(3);
    harness.prepareSnapshotPreBarrier(1);
    assertThat(answeredOffsets()).isEqualTo(upTo(5));
    assertThat(store.batches).containsExactly(2, 2, 1);
  }

  @Test
  void aCheckpointHoldsNoStateOfIt() throws Exception {
    open(2, 1);
    send(3);
    harness.prepareSnapshotPreBarrier(1);
    assertThat(harness.snapshot(1, 1).hasState()).isFalse();
  }

  @Test
  void theEndOfTheImagesFlushesThem() throws Exception {
    open(8, 1);
    send(3);
    harness.endInput1();
    assertThat(answeredOffsets()).isEqualTo(upTo(3));
  }

  @Test
  void theEndOfTheAnnouncementsDoesNotFlush() throws Exception {
    open(8, 1);
    send(3);
    harness.endInput2();
    assertThat(store.batches).isEmpty();
    harness.endInput1();
    assertThat(answeredOffsets()).isEqualTo(upTo(3));
  }

  @Test
  void atMostTwoBatchesAreInFlightAndAThirdHoldsTheInputBack() throws Exception {
    open(1, 1);
    store.hold = true;
    send(2);
    int[] runningWhileHeld = new int[1];
    // Runs inside the wait of the third image, which ends only after it.
    mailbox.execute(
        () -> {
          runningWhileHeld[0] = harness.extractOutputValues().size();
          store.permits.release();
        },
        "let one go");
    send(1);
    assertThat(runningWhileHeld[0]).isZero();
    assertThat(answeredOffsets()).containsExactly(0L);
    store.permits.release(2);
    awaitPredictions(3);
    assertThat(answeredOffsets()).isEqualTo(upTo(3));
  }

  @Test
  void aFlushWithinAWaitKeepsOrderAndLosesNothing() throws Exception {
    open(2, 1);
    store.hold = true;
    harness.setProcessingTime(100);
    send(4);
    List<Long> answeredWithin = new ArrayList<>();
    // While the third batch waits for the engine, another image arrives, its timer fires and a
    // barrier's flush begins: all inside one yield.
    mailbox.execute(
        () -> {
          store.hold = false;
          store.permits.release(100);
          harness.processElement1(new StreamRecord<>(image(6, 1)));
          harness.setProcessingTime(200);
          harness.prepareSnapshotPreBarrier(1);
          answeredWithin.addAll(answeredOffsets());
        },
        "re-enter");
    send(2);
    assertThat(answeredWithin).isEqualTo(upTo(7));
    harness.prepareSnapshotPreBarrier(2);
    assertThat(answeredOffsets()).isEqualTo(upTo(7));
    assertThat(store.batches).containsExactly(2, 2, 2, 1);
  }

  @Test
  void aWatermarkLeavesAfterTheImagesBeforeItWithoutBreakingTheBatch() throws Exception {
    open(3, 1);
    send(1);
    harness.processWatermark1(new Watermark(1000));
    send(1);
    harness.processWatermark1(new Watermark(1001));
    assertThat(harness.getOutput()).isEmpty();
    send(1);
    awaitPredictions(3);
    assertThat(store.batches).containsExactly(3);
    assertThat(kinds()).containsExactly("0", "1", "2", "watermark 1000", "watermark 1001");
  }

  @Test
  void aWatermarkWaitsForBatchesInFlightToo() throws Exception {
    open(1, 1);
    store.hold = true;
    send(2);
    harness.processWatermark1(new Watermark(1001));
    assertThat(harness.getOutput()).isEmpty();
    store.permits.release(2);
    awaitPredictions(2);
    assertThat(kinds()).containsExactly("0", "1", "watermark 1001");
  }

  @Test
  void aWatermarkWithNothingBeforeItLeavesAtOnce() throws Exception {
    open(4, 1);
    harness.processWatermark1(new Watermark(7));
    assertThat(kinds()).containsExactly("watermark 7");
  }

  @Test
  void idlenessDoesNotOvertakeAWatermark() throws Exception {
    open(2, 1);
    send(1);
    harness.processWatermark1(new Watermark(1000));
    harness.processWatermarkStatus1(WatermarkStatus.IDLE);
    assertThat(harness.getOutput()).isEmpty();
    harness.prepareSnapshotPreBarrier(1);
    assertThat(kinds()).containsExactly("0", "watermark 1000", "idle");
  }

  @Test
  void theAnnouncementsHaveNoEventTime() throws Exception {
    open(2, 1);
    harness.processWatermark1(new Watermark(5));
    harness.processWatermarkStatus2(WatermarkStatus.IDLE);
    harness.processWatermark2(new Watermark(9));
    assertThat(kinds()).containsExactly("watermark 5");
  }

  private List<String> kinds() {
    return harness.getOutput().stream()
        .map(
            element -> {
              if (element instanceof Watermark mark) {
                return "watermark " + mark.getTimestamp();
              }
              if (element instanceof WatermarkStatus status) {
                return status.isIdle() ? "idle" : "active";
              }
              return element instanceof StreamRecord<?> record
                      && record.getValue() instanceof TaggedImage tagged
                  ? String.valueOf(tagged.source().offset())
                  : String.valueOf(element);
            })
        .toList();
  }

  @Test
  void swapsTheModelBetweenTwoBatchesAndClosesTheOldOne() throws Exception {
    open(2, 1);
    send(2);
    awaitPredictions(2);
    store.live = "v2";
    store.holdLoads = true;
    store.loadBegan.drainPermits();
    announce();
    store.loadBegan.acquire();
    // The old model serves while the new one loads.
    send(2);
    awaitPredictions(4);
    store.loadPermits.release();
    int answers = 4;
    while (!versions().contains("v2")) {
      send(2);
      answers += 2;
      awaitPredictions(answers);
    }
    assertThat(versions().subList(0, 4)).containsOnly("v1");
    assertThat(versions().subList(answers - 2, answers)).containsOnly("v2");
    assertThat(store.openModels).hasValue(1);
    assertThat(store.openEngines).hasValue(1);
    assertThat(store.warmUps).hasValue(2);
    assertThat(store.warmUpThreads)
        .as(
            "the second model warms up between the batches of the first, which needs the same processors")
        .satisfiesExactly(
            first -> assertThat(first).startsWith("model loading"),
            second -> assertThat(second).startsWith("inference"));
  }

  private List<String> versions() {
    return harness.extractOutputValues().stream().map(TaggedImage::modelVersion).toList();
  }

  @Test
  void aModelThatFailsItsHashLeavesTheOldOneServingAndIsCounted() throws Exception {
    open(1, 1);
    store.broken.add("v2");
    store.live = "v2";
    announce();
    // The count of refused loads arrives as a mail.
    mailbox.yield();
    send(1);
    awaitPredictions(1);
    assertThat(versions()).containsExactly("v1");
    assertThat(store.openModels).hasValue(1);
    assertThat(store.openEngines).hasValue(1);
  }

  @Test
  void aModelThatFailsItsWarmUpLeavesTheOldOneServing() throws Exception {
    open(1, 1);
    store.failing.add("v2");
    store.live = "v2";
    announce();
    mailbox.yield();
    send(1);
    awaitPredictions(1);
    assertThat(versions()).containsExactly("v1");
    assertThat(store.openModels).hasValue(1);
    assertThat(store.openEngines).hasValue(1);
  }

  @Test
  void aModelWithAnotherCropIsRefusedWhileTheJobRuns() throws Exception {
    open(1, 1);
    store.cropOf.put("v2", FakeModels.CROP + 1);
    store.live = "v2";
    announce();
    mailbox.yield();
    send(1);
    awaitPredictions(1);
    assertThat(versions()).containsExactly("v1");
    assertThat(store.openModels).hasValue(1);
  }

  @Test
  void aFailedLoadIsRetriedEveryMinuteWithoutAnotherMessage() throws Exception {
    open(1, 1);
    store.broken.add("v2");
    store.live = "v2";
    store.loadBegan.drainPermits();
    announce();
    mailbox.yield();
    harness.setProcessingTime(59_999);
    assertThat(store.loadBegan.availablePermits()).isEqualTo(1);
    harness.setProcessingTime(60_000);
    mailbox.yield();
    assertThat(store.loadBegan.availablePermits()).isEqualTo(2);
    store.broken.clear();
    harness.setProcessingTime(120_000);
    int answers = 0;
    while (!versions().contains("v2")) {
      send(1);
      answers++;
      awaitPredictions(answers);
    }
    assertThat(store.openModels).hasValue(1);
  }

  @Test
  void aLoadThatFailsWithAnUnexpectedErrorIsRetriedToo() throws Exception {
    open(1, 1);
    store.unexpected.add("v2");
    store.live = "v2";
    announce();
    mailbox.yield();
    assertThat(harness.getProcessingTimeService().getNumActiveTimers()).isEqualTo(1);
    store.unexpected.clear();
    harness.setProcessingTime(60_000);
    int answers = 0;
    while (!versions().contains("v2")) {
      send(1);
      answers++;
      awaitPredictions(answers);
    }
    assertThat(store.openModels).hasValue(1);
  }

  @Test
  void aModelWithAnotherCropIsNotRetried() throws Exception {
    open(1, 1);
    store.cropOf.put("v2", FakeModels.CROP + 1);
    store.live = "v2";
    store.loadBegan.drainPermits();
    announce();
    mailbox.yield();
    assertThat(harness.getProcessingTimeService().getNumActiveTimers()).isZero();
    harness.setProcessingTime(60_000);
    send(1);
    awaitPredictions(1);
    harness.close();
    assertThat(store.loadBegan.availablePermits()).isEqualTo(1);
  }

  @Test
  void anAnnouncementOfTheServingModelChangesNothing() throws Exception {
    open(1, 1);
    store.loadBegan.drainPermits();
    announce();
    announce();
    send(1);
    awaitPredictions(1);
    harness.close();
    assertThat(store.loadBegan.availablePermits()).isZero();
  }

  @Test
  void aBrokenLiveModelFailsTheJobAtItsStartWithoutRestarts() throws Exception {
    store.broken.add("v1");
    setUp(1, 1);
    assertThatThrownBy(() -> harness.open())
        .isInstanceOf(SuppressRestartsException.class)
        .hasRootCauseMessage("model v1 fails its hash");
  }

  @Test
  void anEngineThatFailsFailsTheJobWithItsCause() throws Exception {
    open(1, 1);
    store.failing.add("v1");
    send(1);
    assertThatThrownBy(() -> mailbox.yield())
        .rootCause()
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the device is gone");
  }

  @Test
  void aFailureIsNotLostInABarriersWait() throws Exception {
    open(4, 1);
    store.failing.add("v1");
    send(1);
    assertThatThrownBy(() -> harness.prepareSnapshotPreBarrier(1))
        .hasRootCauseMessage("the device is gone");
    assertThat(harness.extractOutputValues()).isEmpty();
  }

  @Test
  void anInvalidProbabilityFailsTheJob() throws Exception {
    open(1, 1);
    store.nonsense = true;
    send(1);
    assertThatThrownBy(() -> mailbox.yield()).rootCause().hasMessageContaining("NaN");
  }

  private List<UnansweredImage> unanswered() {
    return Optional.ofNullable(harness.getSideOutput(MicroBatchOperator.UNANSWERED)).stream()
        .flatMap(Queue::stream)
        .map(StreamRecord::getValue)
        .toList();
  }

  @Test
  void anImageOnWhichTheEngineThrowsIsIsolatedAndTheOthersArePredicted() throws Exception {
    open(8, 1);
    // Every third image; the batch has three of them: 1, 4 and 7.
    store.poisonous.add(1);
    send(8);
    awaitPredictions(5);
    assertThat(answeredOffsets()).containsExactly(0L, 2L, 3L, 5L, 6L);
    assertThat(unanswered())
        .extracting(image -> image.source().offset())
        .containsExactly(1L, 4L, 7L);
    assertThat(unanswered().get(0))
        .satisfies(
            image -> {
              assertThat(image.imageId()).isEqualTo("image-1");
              assertThat(image.recordBytes()).isEqualTo(100);
              assertThat(image.reason())
                  .isEqualTo(
                      "model v1 failed on a batch of 1 images, the first at images-0@1: java.lang.IllegalStateException: cannot take class 1");
            });
    store.poisonous.clear();
    send(8);
    awaitPredictions(13);
    assertThat(unanswered()).hasSize(3);
  }

  @Test
  void anImageWithInvalidProbabilitiesIsIsolatedToo() throws Exception {
    open(4, 1);
    store.confusing.add(2);
    send(4);
    awaitPredictions(3);
    assertThat(answeredOffsets()).containsExactly(0L, 1L, 3L);
    assertThat(unanswered())
        .singleElement()
        .satisfies(
            image -> {
              assertThat(image.source().offset()).isEqualTo(2);
              assertThat(image.reason()).contains("NaN");
            });
  }

  @Test
  void aWholeBatchIsRejectedWhileTheEngineComputesNoise() throws Exception {
    open(1, 1);
    store.poisonous.add(0);
    send(1);
    mailbox.yield();
    assertThat(unanswered()).hasSize(1);
    send(1);
    awaitPredictions(1);
    assertThat(answeredOffsets()).containsExactly(1L);
  }

  @Test
  void noImageIsRejectedWhenTheEngineBreaksMeanwhile() throws Exception {
    open(4, 1);
    store.poisonous.add(1);
    // The batch, the noise and the first half are computed; then the device is gone.
    store.goneAfter = OptionalInt.of(3);
    send(4);
    assertThatThrownBy(() -> mailbox.yield())
        .hasCauseInstanceOf(InferenceFailedException.class)
        .cause()
        .hasMessageContaining("a batch of 4 images, the first at images-0@0");
    assertThat(harness.extractOutputValues()).isEmpty();
    assertThat(unanswered()).isEmpty();
  }

  @Test
  void anErrorIsNotAttributedToAnImage() throws Exception {
    open(4, 1);
    store.failOnceAfter.set(0);
    send(4);
    assertThatThrownBy(() -> mailbox.yield()).hasRootCauseInstanceOf(LinkageError.class);
    assertThat(store.batches).hasSize(1);
  }

  @Test
  void anImageThatComesAgainIsNotRejectedAgain() throws Exception {
    open(2, 1);
    store.poisonous.add(1);
    DecodedImage again = image(1, 1);
    again.again = true;
    harness.processElement1(new StreamRecord<>(again));
    send(1);
    awaitPredictions(1);
    assertThat(unanswered()).isEmpty();
    assertThat(harness.getSideOutput(MicroBatchOperator.LABELLED)).hasSize(1);
  }

  @Test
  void closingWaitsForTheRunningBatchDropsTheQueuedOneAndClosesTheModel() throws Exception {
    open(1, 1);
    store.hold = true;
    send(2);
    while (store.running.get() == 0) {
      Thread.onSpinWait();
    }
    Thread closer = Thread.currentThread();
    Thread release =
        new Thread(
            () -> {
              while (closer.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
              }
              store.permits.release();
            });
    release.start();
    harness.close();
    release.join();
    assertThat(store.batches).containsExactly(1);
    assertThat(store.openEngines).hasValue(0);
    assertThat(store.openModels).hasValue(0);
  }

  @Test
  void closingWhileAModelLoadsClosesThatModelToo() throws Exception {
    open(1, 1);
    store.live = "v2";
    store.holdLoads = true;
    store.loadBegan.drainPermits();
    announce();
    store.loadBegan.acquire();
    store.loadPermits.release();
    harness.close();
    assertThat(store.openEngines).hasValue(0);
    assertThat(store.openModels).hasValue(0);
  }
}
