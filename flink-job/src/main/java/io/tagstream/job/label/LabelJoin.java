package io.tagstream.job.label;

import io.tagstream.job.decode.DecodeOperator;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.GivenLabel;
import io.tagstream.job.flow.LabelSignal;
import io.tagstream.job.flow.PlacedLabel;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.SeenImage;
import io.tagstream.job.metrics.JobMetrics;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.LabelSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.state.KeyedStateFunction;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the coordinates of a label's image by its id. First input: images that were decoded;
 * second: labels that name their image only by id; both keyed by that id. The state holds an
 * image's coordinates for {@code labels.retention}, never its bytes, and a label that arrives
 * before its image for {@code labels.wait}; then the label is rejected on a side output.
 *
 * <p>Only images advance event time. A label that is read long before its image, because the job
 * has a backlog of images, waits as long in event time as it would without the backlog. While the
 * images are idle, event time stands still, and processing time counts instead. After the end of
 * the images no label waits. The operator uses the end of its input for that, because Flink drops
 * the last watermark of a source that is idle when it ends.
 */
public final class LabelJoin extends AbstractStreamOperator<PlacedLabel>
    implements TwoInputStreamOperator<SeenImage, GivenLabel, PlacedLabel>,
        BoundedMultiInput,
        Triggerable<String, VoidNamespace> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(LabelJoin.class);

  /** The number of waiting labels, emitted when it has changed. */
  public static final OutputTag<LabelSignal> WAITING = new OutputTag<>("labels-waiting") {};

  private static final Duration REPORT_INTERVAL = Duration.ofSeconds(5);

  /** The coordinates of an image and the time of its record. */
  public record Place(Coordinates source, Instant at) {}

  /**
   * A label that arrived before its image.
   *
   * @param until when it is rejected, in event time
   * @param untilHere when it is rejected, in processing time, which counts while the images are
   *     idle
   */
  public record Waiting(GivenLabel label, Instant until, Instant untilHere) {}

  /** The most labels of one id that wait: each of their timers reads all of them. */
  private static final int MOST_WAITING = 100;

  private final Duration retention;
  private final Duration wait;

  private transient ValueState<Place> place;
  private transient ListStateDescriptor<Waiting> ofWaiting;
  private transient ListState<Waiting> waiting;
  private transient InternalTimerService<VoidNamespace> timers;
  private transient JobMetrics.Labels jobMetrics;
  private transient boolean imagesAreIdle;
  private transient boolean imagesHaveEnded;

  /** Read by the reporters' threads too. */
  private transient AtomicInteger labelsWaiting;

  /** The count last emitted on {@link #WAITING}; negative before the first. */
  private transient int lastReported;

  public LabelJoin(LabelSettings settings) {
    this.retention = settings.retention();
    this.wait = settings.patience();
  }

  @Override
  public void open() throws Exception {
    super.open();
    place =
        getRuntimeContext()
            .getState(new ValueStateDescriptor<>("place", TypeInformation.of(Place.class)));
    ofWaiting = new ListStateDescriptor<>("waiting", TypeInformation.of(Waiting.class));
    waiting = getRuntimeContext().getListState(ofWaiting);
    timers = getInternalTimerService("labels", VoidNamespaceSerializer.INSTANCE, this);
    labelsWaiting = count();
    jobMetrics = new JobMetrics.Labels(getMetricGroup());
    jobMetrics.waiting(labelsWaiting::get);
    lastReported = -1;
    scheduleReport(Duration.ZERO);
  }

  private void scheduleReport(Duration pause) {
    ProcessingTimeService clock = getProcessingTimeService();
    ScheduledFuture<?> unused =
        clock.registerTimer(
            clock.getCurrentProcessingTime() + pause.toMillis(),
            time -> {
              scheduleReport(REPORT_INTERVAL);
              reportWaiting();
            });
  }

  private void reportWaiting() {
    int now = labelsWaiting.get();
    if (now != lastReported) {
      lastReported = now;
      output.collect(WAITING, new StreamRecord<>(LabelSignal.waiting(now)));
    }
  }

  /** Counts the waiting labels after a restore. */
  private AtomicInteger count() throws Exception {
    AtomicInteger count = new AtomicInteger();
    forEachWaiting((id, state) -> state.get().forEach(entry -> count.incrementAndGet()));
    return count;
  }

  /** Visits the ids with waiting labels: they are few, and stored apart from the images. */
  private void forEachWaiting(KeyedStateFunction<String, ListState<Waiting>> action)
      throws Exception {
    this.<String>getKeyedStateBackend()
        .applyToAllKeys(
            VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, ofWaiting, action);
  }

  @Override
  public void processElement1(StreamRecord<SeenImage> element) throws Exception {
    SeenImage image = element.getValue();
    Place seen = new Place(image.source(), image.at());
    Place known = place.value();
    // Decoders run in parallel: of two images with one id, the older may arrive last.
    if (known == null || isNewer(seen, known)) {
      place.update(seen);
      timers.registerEventTimeTimer(VoidNamespace.INSTANCE, expiry(seen).toEpochMilli());
    }
    release(entry -> true, label -> join(label, seen));
  }

  private static boolean isNewer(Place seen, Place known) {
    int order = seen.at().compareTo(known.at());
    return order > 0 || (order == 0 && seen.source().offset() > known.source().offset());
  }

  private Instant expiry(Place image) {
    return image.at().plus(retention);
  }

  @Override
  public void processElement2(StreamRecord<GivenLabel> element) throws Exception {
    GivenLabel label = element.getValue();
    Place known = place.value();
    if (known != null) {
      join(label, known);
      return;
    }
    if (imagesHaveEnded) {
      rejectAfterTheEnd(label);
      return;
    }
    if (waitingHere() >= MOST_WAITING) {
      reject(
          label,
          "%d labels already wait for an image of this id, and no more may"
              .formatted(MOST_WAITING));
      return;
    }
    Instant now = Instant.ofEpochMilli(timers.currentProcessingTime());
    Waiting entry = new Waiting(label, label.truth.at().plus(wait), now.plus(wait));
    waiting.add(entry);
    labelsWaiting.incrementAndGet();
    timers.registerEventTimeTimer(VoidNamespace.INSTANCE, entry.until().toEpochMilli());
    timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, entry.untilHere().toEpochMilli());
  }

  private int waitingHere() throws Exception {
    int count = 0;
    for (Waiting unused : waiting.get()) {
      count++;
    }
    return count;
  }

  private void join(GivenLabel label, Place image) {
    if (label.truth.at().isAfter(expiry(image))) {
      reject(
          label,
          "its image arrived at %s, more than labels.retention, %s, before the label; a label with the source of its prediction is accepted without that limit"
              .formatted(image.at(), DurationText.format(retention)));
    } else {
      output.collect(new StreamRecord<>(new PlacedLabel(label, image.source())));
    }
  }

  private void rejectAfterTheWait(GivenLabel label) {
    reject(
        label,
        "no readable image of this id arrived between %s before the label (labels.retention) and %s after it (labels.wait)"
            .formatted(DurationText.format(retention), DurationText.format(wait)));
  }

  private void rejectAfterTheEnd(GivenLabel label) {
    reject(
        label,
        "no readable image of this id arrived between %s before the label (labels.retention) and the end of the images"
            .formatted(DurationText.format(retention)));
  }

  @Override
  public void endInput(int input) throws Exception {
    if (input == 1) {
      imagesHaveEnded = true;
      if (labelsWaiting.get() > 0) {
        forEachWaiting((id, labels) -> release(entry -> true, this::rejectAfterTheEnd));
      }
    }
  }

  private void reject(GivenLabel label, String reason) {
    jobMetrics.rejected();
    LOG.debug("Rejected {}: {}", label.source, reason);
    output.collect(DecodeOperator.REJECTED, new StreamRecord<>(RejectedImage.of(label, reason)));
  }

  /** Removes the ready labels of this id from the state and processes them. */
  private void release(Predicate<Waiting> ready, Consumer<GivenLabel> then) throws Exception {
    if (labelsWaiting.get() == 0) {
      return;
    }
    Map<Boolean, List<Waiting>> parts =
        StreamSupport.stream(waiting.get().spliterator(), false)
            .collect(Collectors.partitioningBy(ready));
    if (parts.get(true).isEmpty()) {
      return;
    }
    waiting.update(parts.get(false));
    labelsWaiting.addAndGet(-parts.get(true).size());
    parts.get(true).forEach(entry -> then.accept(entry.label()));
  }

  @Override
  public void onEventTime(InternalTimer<String, VoidNamespace> timer) throws Exception {
    Instant time = Instant.ofEpochMilli(timer.getTimestamp());
    Place known = place.value();
    if (known != null && !expiry(known).isAfter(time)) {
      place.clear();
    }
    release(entry -> !entry.until().isAfter(time), this::rejectAfterTheWait);
  }

  @Override
  public void onProcessingTime(InternalTimer<String, VoidNamespace> timer) throws Exception {
    Instant time = Instant.ofEpochMilli(timer.getTimestamp());
    if (imagesAreIdle) {
      release(entry -> !entry.untilHere().isAfter(time), this::rejectAfterTheWait);
    } else if (waiting.get().iterator().hasNext()) {
      // Images arrive, so event time decides; checked again in case they become idle before that.
      timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, time.plus(wait).toEpochMilli());
    }
  }

  @Override
  public void processWatermark1(Watermark mark) throws Exception {
    processWatermark(mark);
  }

  /** Ignored: labels read ahead of their images must not hold back the images' event time. */
  @Override
  public void processWatermark2(Watermark mark) {}

  @Override
  protected void processWatermarkStatus(WatermarkStatus status, int input) throws Exception {
    if (input == 0) {
      imagesAreIdle = status.isIdle();
      processWatermarkStatus(status);
    }
  }
}
