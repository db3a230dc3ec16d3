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
 * Gathers images into batches and sends them through the live model. First input: images; second:
 * news that the live model changed. Every image gets an answer, but one that comes again only at
 * the side, where answers to labelled images go.
 *
 * <p>A batch goes on when it is full, when its first image has waited long enough and the engine
 * has nothing else to do, before a barrier and at the end of the images. It then passes three
 * places, in order: {@link #gathering}, {@link #waiting}, {@link #inFlight}. The engine works on
 * its own thread, with one batch to compute and one at hand; answers come back as mails of the
 * task's thread, in the order of the batches.
 *
 * <p>Nothing of it is in a checkpoint: before the barrier leaves, every image before it has been
 * answered. A failure brings the images back from the source.
 *
 * <p>Waiting is always {@code yield()}, which runs mails: answers and timers. Neither of these
 * waits, so that a wait never begins inside another, whichever mail runs within it.
 */
public final class MicroBatchOperator extends AbstractStreamOperator<TaggedImage>
    implements TwoInputStreamOperator<DecodedImage, LiveModelChanged, TaggedImage>,
        BoundedMultiInput {
  private static final long serialVersionUID = 1L;

  /** The way of answers that can be held against the truth. */
  public static final OutputTag<LabelSignal> LABELLED = new OutputTag<>("labelled") {};

  /** The way of images on which the engine fails, while it answers others. */
  public static final OutputTag<UnansweredImage> UNANSWERED = new OutputTag<>("unanswered") {};

  /** One that computes and one at hand, so that the engine never waits for the task's thread. */
  private static final int MAX_IN_FLIGHT = 2;

  private static final Duration UNTIL_LOADED_AGAIN = Duration.ofMinutes(1);

  /** An image with its record's event time, which the input reuses. */
  private record Image(DecodedImage decoded, Optional<Long> timestamp) {}

  private static final class Batch {
    final List<Image> images = new ArrayList<>();

    /** Watermarks and the like that came after one of the images; they leave after the last. */
    final List<ThrowingRunnable<Exception>> followers = new ArrayList<>();

    /** Set with the first image. */
    long firstAt;

    /** The first image has waited long enough. */
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
  private transient JobMetrics.Inference reported;
  private transient Optional<InferenceWorker> worker;
  private transient Notes notes;

  /** A load that failed waits for its next attempt. */
  private transient Optional<ScheduledFuture<?>> nextLoad;

  /**
   * @param geometry the pixels that come in; only models that want these can serve
   * @param limits after which the process is ended
   * @param place where it is noted what is inferred
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
            (anew, mayPass) -> mail(() -> loadRefused(anew, mayPass), "a rejected model"));
    worker = Optional.of(created);
    reported = new JobMetrics.Inference(getMetricGroup(), inFlight::size, created::activeVersion);
    try {
      created.start();
    } catch (ModelException e) {
      // A missing or broken model does not mend itself between two attempts.
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
      sendOn();
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
      sendOn();
    }
    awaitRoom();
  }

  /** Backpressure: no image is taken while a batch waits for the engine. */
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
                    batch.firstAt + batching.maxWait().toMillis(), time -> timeIsUp(batch)));
  }

  private void timeIsUp(Batch batch) {
    // The timer of a batch that went on before may still be a mail: it says nothing of the next.
    if (batch == gathering) {
      batch.due = true;
      sendOnIfDue();
    }
  }

  /** Behind other batches it would not be answered any sooner, and might as well grow. */
  private void sendOnIfDue() {
    if (gathering.due && inFlight.isEmpty()) {
      sendOn();
    }
  }

  /** Closes the batch that gathers. */
  private void sendOn() {
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
      reported.dispatched(
          batch.images.size(),
          getProcessingTimeService().getCurrentProcessingTime() - batch.firstAt);
      worker
          .orElseThrow()
          .infer(
              batch.decoded(),
              outcome -> mail(() -> complete(batch, outcome), "answers of a batch"));
    }
  }

  /** Runs something on the task's thread, unless the task is over. */
  private void mail(ThrowingRunnable<Exception> action, String what) {
    try {
      mailbox.execute(action, what);
    } catch (RejectedExecutionException e) {
      LOG.debug("The task ended before: {}", what);
    }
  }

  private void complete(Batch batch, InferenceWorker.Outcome outcome) throws Exception {
    if (inFlight.remove() != batch) {
      throw new IllegalStateException("batches were answered out of order");
    }
    if (outcome instanceof InferenceWorker.Failed failed) {
      throw failed.failure();
    }
    // First, so that the engine has work while the answers leave.
    dispatch();
    sendOnIfDue();
    InferenceWorker.Answered answered = (InferenceWorker.Answered) outcome;
    reported.answered(answered.time());
    for (int i = 0; i < batch.images.size(); i++) {
      Answer answer = answered.answers().get(i);
      if (answer instanceof Answer.Tags tags) {
        emit(batch.images.get(i), answered, tags.best());
      } else if (answer instanceof Answer.None none) {
        pass(batch.images.get(i).decoded(), none, answered.predictedAt());
      }
    }
    for (ThrowingRunnable<Exception> follower : batch.followers) {
      follower.run();
    }
  }

  private void pass(DecodedImage image, Answer.None none, Instant at) {
    LOG.debug("No answer for {}: {}", image.source, none.reason());
    // One that comes again was rejected when it came first.
    if (!image.again) {
      reported.rejected();
      output.collect(
          UNANSWERED,
          new StreamRecord<>(
              new UnansweredImage(
                  image.source, image.imageId, image.recordBytes, none.reason(), at)));
    }
  }

  private void emit(Image image, InferenceWorker.Answered answered, List<Tag> tags) {
    DecodedImage decoded = image.decoded();
    Optional<TrueLabel> truth = Optional.ofNullable(decoded.truth);
    if (!decoded.again) {
      StreamRecord<TaggedImage> tagged =
          new StreamRecord<>(
              new TaggedImage(
                  decoded.source,
                  decoded.imageId,
                  truth.map(TrueLabel::label).orElse(null),
                  answered.modelVersion(),
                  tags,
                  batching.views(),
                  decoded.capturedAt,
                  decoded.appendedAt,
                  decoded.decodedAt,
                  answered.predictedAt()));
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
                            answered.modelVersion(),
                            known.label(),
                            tags.get(0).label(),
                            known.origin(),
                            known.at())))));
  }

  /** Answers every image that has come. */
  private void drain() throws InterruptedException {
    sendOn();
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

  private void loadRefused(boolean anew, boolean mayPass) {
    if (anew) {
      reported.modelLoadRejected();
    }
    if (!mayPass || nextLoad.isPresent()) {
      return;
    }
    ProcessingTimeService clock = getProcessingTimeService();
    nextLoad =
        Optional.of(
            clock.registerTimer(
                clock.getCurrentProcessingTime() + UNTIL_LOADED_AGAIN.toMillis(),
                time -> {
                  nextLoad = Optional.empty();
                  worker.orElseThrow().reload();
                }));
  }

  /** Lets something leave after the images that came before it, in its order with others. */
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

  /** News of models has no event time: it neither holds back nor advances the images'. */
  @Override
  public void processWatermark2(Watermark mark) {}

  @Override
  protected void processWatermarkStatus(WatermarkStatus status, int input) throws Exception {
    if (input == 0) {
      // Not before a held watermark, which an idle output would drop.
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
