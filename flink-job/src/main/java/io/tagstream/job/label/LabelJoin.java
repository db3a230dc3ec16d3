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
 * Finds out where a label's image lies. First input: images that were seen; second: labels that
 * name theirs by id alone; both by that id. Keeps an image's coordinates for {@code
 * labels.retention}, never its bytes, and a label that comes before its image for {@code
 * labels.wait}; one that waited in vain leaves at the side.
 *
 * <p>Event time is the images' alone: a label that is read long before its image, because the job
 * has images to catch up with, waits as long on their clock as it would have in life. Where no
 * images come that clock stands still, and the machine's counts instead. Once the images have ended
 * no label waits: that end is heard as such, because Flink drops the last watermark of a source
 * that is idle when it ends.
 */
public final class LabelJoin extends AbstractStreamOperator<PlacedLabel>
    implements TwoInputStreamOperator<SeenImage, GivenLabel, PlacedLabel>,
        BoundedMultiInput,
        Triggerable<String, VoidNamespace> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(LabelJoin.class);

  /** The way of how many labels wait, when that has changed. */
  public static final OutputTag<LabelSignal> WAITING = new OutputTag<>("labels-waiting") {};

  private static final Duration COUNTED_EVERY = Duration.ofSeconds(5);

  /** Where an image lies, and its record's time. */
  public record Place(Coordinates source, Instant at) {}

  /**
   * A label before its image.
   *
   * @param until when it is given up, on the images' clock
   * @param untilHere the same on this machine's, which counts while no images come
   */
  public record Waiting(GivenLabel label, Instant until, Instant untilHere) {}

  /** Of one id: each of their timers goes through all of them. */
  private static final int MOST_WAITING = 100;

  private final Duration retention;
  private final Duration wait;

  private transient ValueState<Place> place;
  private transient ListStateDescriptor<Waiting> ofWaiting;
  private transient ListState<Waiting> waiting;
  private transient InternalTimerService<VoidNamespace> timers;
  private transient JobMetrics.Labels reported;
  private transient boolean imagesAreSilent;
  private transient boolean imagesHaveEnded;

  /** Read by the reporters' threads too. */
  private transient AtomicInteger labelsWaiting;

  /** What was said last of how many wait; below 0 before anything was. */
  private transient int saidWaiting;

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
    reported = new JobMetrics.Labels(getMetricGroup());
    reported.waiting(labelsWaiting::get);
    saidWaiting = -1;
    sayWaitingIn(Duration.ZERO);
  }

  private void sayWaitingIn(Duration pause) {
    ProcessingTimeService clock = getProcessingTimeService();
    ScheduledFuture<?> unused =
        clock.registerTimer(
            clock.getCurrentProcessingTime() + pause.toMillis(),
            time -> {
              sayWaitingIn(COUNTED_EVERY);
              sayWaiting();
            });
  }

  private void sayWaiting() {
    int now = labelsWaiting.get();
    if (now != saidWaiting) {
      saidWaiting = now;
      output.collect(WAITING, new StreamRecord<>(LabelSignal.waiting(now)));
    }
  }

  /** After a restore. */
  private AtomicInteger count() throws Exception {
    AtomicInteger count = new AtomicInteger();
    forEachWaiting((id, state) -> state.get().forEach(entry -> count.incrementAndGet()));
    return count;
  }

  /** The ids with labels that wait: they are few, and lie apart from the images. */
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
    // Decoders run side by side: of two images with one id the earlier may come later.
    if (known == null || isNewer(seen, known)) {
      place.update(seen);
      timers.registerEventTimeTimer(VoidNamespace.INSTANCE, expiry(seen).toEpochMilli());
    }
    release(entry -> true, label -> answer(label, seen));
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
      answer(label, known);
      return;
    }
    if (imagesHaveEnded) {
      rejectAfterTheEnd(label);
      return;
    }
    if (waitingHere() >= MOST_WAITING) {
      reject(
          label, "%d labels wait for an image of this id, and no more may".formatted(MOST_WAITING));
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

  private void answer(GivenLabel label, Place image) {
    if (label.truth.at().isAfter(expiry(image))) {
      reject(
          label,
          "its image came at %s, more than labels.retention, %s, before it; a label that carries its prediction's source needs no memory of the image"
              .formatted(image.at(), DurationText.format(retention)));
    } else {
      output.collect(new StreamRecord<>(new PlacedLabel(label, image.source())));
    }
  }

  private void giveUp(GivenLabel label) {
    reject(
        label,
        "no readable image of this id came, from %s before the label (labels.retention) to %s after it (labels.wait)"
            .formatted(DurationText.format(retention), DurationText.format(wait)));
  }

  private void rejectAfterTheEnd(GivenLabel label) {
    reject(
        label,
        "no readable image of this id came, from %s before the label (labels.retention) until the images ended"
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
    reported.rejected();
    LOG.debug("Rejected {}: {}", label.source, reason);
    output.collect(DecodeOperator.REJECTED, new StreamRecord<>(RejectedImage.of(label, reason)));
  }

  /** Lets some of this id's labels go on. */
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
    release(entry -> !entry.until().isAfter(time), this::giveUp);
  }

  @Override
  public void onProcessingTime(InternalTimer<String, VoidNamespace> timer) throws Exception {
    Instant time = Instant.ofEpochMilli(timer.getTimestamp());
    if (imagesAreSilent) {
      release(entry -> !entry.untilHere().isAfter(time), this::giveUp);
    } else if (waiting.get().iterator().hasNext()) {
      // Images come, and their clock decides, unless it stops before it has.
      timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, time.plus(wait).toEpochMilli());
    }
  }

  @Override
  public void processWatermark1(Watermark mark) throws Exception {
    processWatermark(mark);
  }

  /** Labels that are read ahead of their images must not make the images' clock wait for them. */
  @Override
  public void processWatermark2(Watermark mark) {}

  @Override
  protected void processWatermarkStatus(WatermarkStatus status, int input) throws Exception {
    if (input == 0) {
      imagesAreSilent = status.isIdle();
      processWatermarkStatus(status);
    }
  }
}
