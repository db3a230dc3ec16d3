package io.tagstream.job.inference;

import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.LabelSignal;
import io.tagstream.job.flow.LabelledAnswer;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.flow.Tag;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.flow.TrueLabel;
import io.tagstream.job.flow.UnansweredImage;
import io.tagstream.job.metrics.JobMetrics;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.job.suspects.NotedRecord;
import io.tagstream.job.suspects.Notes;
import io.tagstream.job.threads.Watchdog;
import io.tagstream.model.ModelException;
import io.tagstream.settings.InferenceSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.LatencyMarker;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.util.OutputTag;
import org.apache.flink.util.function.ThrowingRunnable;

/**
 * Gathers images into micro-batches and computes them with the live model. First input: images;
 * second: announcements that the live model changed. Every image gets a result. An image that was
 * predicted before and comes again for its label emits only on the side output {@link #LABELLED}.
 *
 * <p>A batch is flushed when it is full, when its first image has waited {@code batch.max-wait} and
 * the engine is idle, before a barrier and at the end of the images. Batches move from {@link
 * #gathering} to {@link #waiting} to {@link #inFlight}. The engine runs on its own thread, with one
 * batch computing and one queued; results return as mails of the task's thread, in the order of the
 * batches.
 *
 * <p>The operator has no state: it forwards a barrier only after every image before it was emitted.
 * After a failure the source reads the images again.
 *
 * <p>The operator waits by {@code yield()}, which runs mails: results and timers. Neither kind of
 * mail waits, so waits never nest.
 */
public final class MicroBatchOperator extends AbstractStreamOperator<TaggedImage>
    implements TwoInputStreamOperator<DecodedImage, LiveModelChanged, TaggedImage>,
        BoundedMultiInput {
  private static final long serialVersionUID = 1L;

  /** Predictions of images whose label is known. */
  public static final OutputTag<LabelSignal> LABELLED = new OutputTag<>("labelled") {};

  /** Images on which the engine fails while it computes others. */
  public static final OutputTag<UnansweredImage> UNANSWERED = new OutputTag<>("unanswered") {};

  /** One computing and one queued, so that the engine never waits for the task's thread. */
  private static final int MAX_IN_FLIGHT = 2;

  private static final Duration RETRY_LOAD_AFTER = Duration.ofMinutes(1);

  /** An image with its event time, copied because Flink reuses the StreamRecord. */
  private record Image(DecodedImage decoded, Optional<Long> timestamp) {}

  private static final class Batch {
    final List<Image> images = new ArrayList<>();

    /**
     * Watermarks, statuses and latency markers that followed one of the images; emitted after the
     * last.
     */
    final List<ThrowingRunnable<Exception>> followers = new ArrayList<>();

    /** Processing time in ms of the first image. */
    long firstAt;

    /** Whether the first image has waited {@code batch.max-wait}. */
    boolean due;

    Optional<ScheduledFuture<?>> timer = Optional.empty();

    List<DecodedImage> decoded() {
      return images.stream().map(Image::decoded).toList();
    }
  }

  private final LiveModels models;
  private final MicroBatching batching;
  private final CropGeometry geometry;
  private final InferenceSettings limits;
  private final NotePlace place;

  private transient MailboxExecutor mailbox;
  private transient Batch gathering;
  private transient Deque<Batch> waiting;
  private transient Deque<Batch> inFlight;
  private transient JobMetrics.Inference jobMetrics;
  private transient Optional<InferenceWorker> worker;
  private transient Notes notes;

  /** Set while a failed load waits for its next attempt. */
  private transient Optional<ScheduledFuture<?>> nextLoad;

  /**
   * @param geometry the geometry of incoming images; only models that expect it can serve
   * @param limits time limits of native calls, after which the process is ended
   * @param place where the images being computed are noted
   */
  public MicroBatchOperator(
      LiveModels models,
      MicroBatching batching,
      CropGeometry geometry,
      InferenceSettings limits,
      NotePlace place) {
    this.models = models;
    this.batching = batching;
    this.geometry = geometry;
    this.limits = limits;
    this.place = place;
  }

  @Override
  public void setMailboxExecutor(MailboxExecutor mailboxExecutor) {
    super.setMailboxExecutor(mailboxExecutor);
    mailbox = mailboxExecutor;
  }

  @Override
  public void open() throws Exception {
    super.open();
    gathering = new Batch();
    waiting = new ArrayDeque<>();
    inFlight = new ArrayDeque<>();
    nextLoad = Optional.empty();
    notes = Notes.open(place, getRuntimeContext());
    var task = getRuntimeContext().getTaskInfo();
    InferenceWorker created =
        new InferenceWorker(
            models,
            batching,
            geometry,
            limits,
            Watchdog.ofProcess(),
            notes,
            "%d/%d".formatted(task.getIndexOfThisSubtask() + 1, task.getNumberOfParallelSubtasks()),
            getUserCodeClassloader(),
            (newReason, retry) -> mail(() -> loadRefused(newReason, retry), "a refused model"));
    worker = Optional.of(created);
    jobMetrics = new JobMetrics.Inference(getMetricGroup(), inFlight::size, created::activeVersion);
    try {
      created.start();
    } catch (ModelException e) {
      // A restart would find the same missing or broken model.
      throw new SuppressRestartsException(e);
    }
  }

  @Override
  public void processElement1(StreamRecord<DecodedImage> element) throws Exception {
    DecodedImage image = element.getValue();
    int expected = geometry.bytes(batching.views());
    if (image.pixels.length != expected) {
      throw new IllegalArgumentException(
          "image %s at %s has %d bytes of pixels, not %d"
              .formatted(image.imageId, image.source, image.pixels.length, expected));
    }
    boolean alone = notes.isSuspect(NotedRecord.of(image));
    if (alone) {
      flush();
      awaitRoom();
    }
    if (gathering.images.isEmpty()) {
      startTimer(gathering);
    }
    gathering.images.add(
        new Image(
            image,
            element.hasTimestamp() ? Optional.of(element.getTimestamp()) : Optional.empty()));
    if (alone || gathering.images.size() == batching.maxImages()) {
      flush();
    }
    awaitRoom();
  }

  /** Backpressure: blocks while a batch waits for the engine. */
  private void awaitRoom() throws InterruptedException {
    while (!waiting.isEmpty()) {
      mailbox.yield();
    }
  }

  private void startTimer(Batch batch) {
    batch.firstAt = getProcessingTimeService().getCurrentProcessingTime();
    batch.timer =
        Optional.of(
            getProcessingTimeService()
                .registerTimer(
                    batch.firstAt + batching.maxWait().toMillis(), time -> maxWaitElapsed(batch)));
  }

  private void maxWaitElapsed(Batch batch) {
    // The timer of a batch that was flushed before may still be a queued mail.
    if (batch == gathering) {
      batch.due = true;
      flushIfDue();
    }
  }

  /** While batches are in flight, flushing early gains nothing: the batch may grow instead. */
  private void flushIfDue() {
    if (gathering.due && inFlight.isEmpty()) {
      flush();
    }
  }

  /** Closes the gathering batch and dispatches it when the engine has room. */
  private void flush() {
    if (gathering.images.isEmpty()) {
      return;
    }
    gathering.timer.ifPresent(timer -> timer.cancel(false));
    waiting.add(gathering);
    gathering = new Batch();
    dispatch();
  }

  private void dispatch() {
    while (!waiting.isEmpty() && inFlight.size() < MAX_IN_FLIGHT) {
      Batch batch = waiting.remove();
      inFlight.add(batch);
      jobMetrics.dispatched(
          batch.images.size(),
          getProcessingTimeService().getCurrentProcessingTime() - batch.firstAt);
      worker
          .orElseThrow()
          .infer(
              batch.decoded(), result -> mail(() -> complete(batch, result), "results of a batch"));
    }
  }

  /** Runs an action on the task's thread, unless the task has ended. */
  private void mail(ThrowingRunnable<Exception> action, String what) {
    try {
      mailbox.execute(action, what);
    } catch (RejectedExecutionException e) {
      LOG.debug("Dropped after the end of the task: {}", what);
    }
  }

  private void complete(Batch batch, InferenceWorker.BatchResult result) throws Exception {
    if (inFlight.remove() != batch) {
      throw new IllegalStateException("batches completed out of order");
    }
    if (result instanceof InferenceWorker.Broken broken) {
      throw broken.failure();
    }
    // First, so that the engine has work while the results are emitted.
    dispatch();
    flushIfDue();
    InferenceWorker.Computed computed = (InferenceWorker.Computed) result;
    jobMetrics.computed(computed.time());
    for (int i = 0; i < batch.images.size(); i++) {
      ImageResult image = computed.images().get(i);
      if (image instanceof ImageResult.Tags tags) {
        emit(batch.images.get(i), computed, tags.best());
      } else if (image instanceof ImageResult.Failure failure) {
        emitUnanswered(batch.images.get(i).decoded(), failure, computed.predictedAt());
      }
    }
    for (ThrowingRunnable<Exception> follower : batch.followers) {
      follower.run();
    }
  }

  private void emitUnanswered(DecodedImage image, ImageResult.Failure failure, Instant at) {
    LOG.debug("The engine fails on {}: {}", image.source, failure.reason());
    // An image that comes again was already rejected the first time.
    if (!image.again) {
      jobMetrics.rejected();
      output.collect(
          UNANSWERED,
          new StreamRecord<>(
              new UnansweredImage(
                  image.source, image.imageId, image.recordBytes, failure.reason(), at)));
    }
  }

  private void emit(Image image, InferenceWorker.Computed computed, List<Tag> tags) {
    DecodedImage decoded = image.decoded();
    Optional<TrueLabel> truth = Optional.ofNullable(decoded.truth);
    if (!decoded.again) {
      StreamRecord<TaggedImage> tagged =
          new StreamRecord<>(
              new TaggedImage(
                  decoded.source,
                  decoded.imageId,
                  truth.map(TrueLabel::label).orElse(null),
                  computed.modelVersion(),
                  tags,
                  batching.views(),
                  decoded.capturedAt,
                  decoded.appendedAt,
                  decoded.decodedAt,
                  computed.predictedAt()));
      image.timestamp().ifPresent(tagged::setTimestamp);
      output.collect(tagged);
    }
    truth.ifPresent(
        known ->
            output.collect(
                LABELLED,
                new StreamRecord<>(
                    LabelSignal.answered(
                        new LabelledAnswer(
                            computed.modelVersion(),
                            known.label(),
                            tags.get(0).label(),
                            known.origin(),
                            known.at())))));
  }

  /** Waits until every received image was emitted. */
  private void drain() throws InterruptedException {
    flush();
    while (!waiting.isEmpty() || !inFlight.isEmpty()) {
      mailbox.yield();
    }
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
    drain();
    super.prepareSnapshotPreBarrier(checkpointId);
  }

  @Override
  public void endInput(int inputId) throws Exception {
    if (inputId == 1) {
      drain();
    }
  }

  @Override
  public void processElement2(StreamRecord<LiveModelChanged> element) {
    LOG.info("The live model may have changed: {}", element.getValue().announcement());
    worker.orElseThrow().reload();
  }

  private void loadRefused(boolean newReason, boolean retry) {
    if (newReason) {
      jobMetrics.modelLoadRejected();
    }
    if (!retry || nextLoad.isPresent()) {
      return;
    }
    ProcessingTimeService clock = getProcessingTimeService();
    nextLoad =
        Optional.of(
            clock.registerTimer(
                clock.getCurrentProcessingTime() + RETRY_LOAD_AFTER.toMillis(),
                time -> {
                  nextLoad = Optional.empty();
                  worker.orElseThrow().reload();
                }));
  }

  /** Emits an element after the images received before it, in order with other such elements. */
  private void afterImages(ThrowingRunnable<Exception> follower) throws Exception {
    if (!gathering.images.isEmpty()) {
      gathering.followers.add(follower);
    } else if (!waiting.isEmpty()) {
      waiting.getLast().followers.add(follower);
    } else if (!inFlight.isEmpty()) {
      inFlight.getLast().followers.add(follower);
    } else {
      follower.run();
    }
  }

  @Override
  public void processWatermark1(Watermark mark) throws Exception {
    afterImages(() -> processWatermark(mark));
  }

  /** Announcements of models have no event time: they neither hold back nor advance the images'. */
  @Override
  public void processWatermark2(Watermark mark) {}

  @Override
  protected void processWatermarkStatus(WatermarkStatus status, int input) throws Exception {
    if (input == 0) {
      // Not before a held watermark: once the output is idle, Flink would drop it.
      afterImages(() -> processWatermarkStatus(status));
    }
  }

  @Override
  public void processLatencyMarker1(LatencyMarker marker) throws Exception {
    afterImages(() -> reportOrForwardLatencyMarker(marker));
  }

  @Override
  public void close() throws Exception {
    try {
      if (worker != null) {
        worker.ifPresent(InferenceWorker::close);
      }
    } finally {
      if (notes != null) {
        notes.close();
      }
      super.close();
    }
  }
}
