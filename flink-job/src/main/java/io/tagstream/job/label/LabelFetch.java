package io.tagstream.job.label;

import io.tagstream.job.decode.DecodeOperator;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.GivenLabel;
import io.tagstream.job.flow.LabelledRecord;
import io.tagstream.job.flow.PlacedLabel;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.metrics.JobMetrics;
import io.tagstream.settings.LabelSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.util.function.ThrowingRunnable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the record of a label's image again, on a separate thread. If there is no such record, the
 * label is rejected on a side output. If Kafka does not answer, no label is rejected: the job waits
 * while the brokers are away; if they are reachable but return no record for {@code
 * labels.fetch-timeout}, the job fails, and the restart processes its labels again.
 *
 * <p>A checkpoint holds the labels in flight, not their images, so no barrier waits for the broker.
 * Results are emitted in any order.
 */
public final class LabelFetch extends AbstractStreamOperator<LabelledRecord>
    implements OneInputStreamOperator<PlacedLabel, LabelledRecord>, BoundedOneInput {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(LabelFetch.class);

  /**
   * Enough labels for the reader to read neighbouring offsets together; a label has some hundred
   * bytes.
   */
  static final int MAX_IN_FLIGHT = 256;

  private final RecordLog images;
  private final Duration patience;

  private transient MailboxExecutor mailbox;
  private transient ListState<PlacedLabel> saved;

  /** By the coordinates of the image; several labels may name one image. */
  private transient Map<Coordinates, List<GivenLabel>> inFlight;

  /** Read by the reporters' threads too. */
  private transient AtomicInteger labelsInFlight;

  private transient Optional<FetchWorker> worker;
  private transient JobMetrics.Labels jobMetrics;

  public LabelFetch(RecordLog images, LabelSettings settings) {
    this.images = images;
    this.patience = settings.fetchTimeout();
  }

  @Override
  public void setMailboxExecutor(MailboxExecutor mailboxExecutor) {
    super.setMailboxExecutor(mailboxExecutor);
    mailbox = mailboxExecutor;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    saved =
        context
            .getOperatorStateStore()
            .getListState(
                new ListStateDescriptor<>(
                    "labels-in-flight", TypeInformation.of(PlacedLabel.class)));
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    List<PlacedLabel> labels = new ArrayList<>(labelsInFlight.get());
    inFlight.forEach(
        (place, waiting) -> waiting.forEach(label -> labels.add(new PlacedLabel(label, place))));
    saved.update(labels);
  }

  @Override
  public void open() throws Exception {
    super.open();
    // Labels must not hold back the images' watermarks.
    output.emitWatermarkStatus(WatermarkStatus.IDLE);
    inFlight = new LinkedHashMap<>();
    labelsInFlight = new AtomicInteger();
    jobMetrics = new JobMetrics.Labels(getMetricGroup());
    jobMetrics.fetching(labelsInFlight::get);
    String subtask = Integer.toString(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
    FetchWorker started =
        new FetchWorker(
            images.open(subtask),
            patience,
            "labelled images " + subtask,
            results -> mail(() -> take(results), "images of labels"),
            failure -> mail(() -> fail(failure), "images of labels could not be read"));
    worker = Optional.of(started);
    started.start(getUserCodeClassloader());
    for (PlacedLabel label : saved.get()) {
      fetch(label);
    }
  }

  @Override
  public void processElement(StreamRecord<PlacedLabel> element) throws Exception {
    while (labelsInFlight.get() >= MAX_IN_FLIGHT) {
      mailbox.yield();
    }
    fetch(element.getValue());
  }

  private void fetch(PlacedLabel placed) {
    boolean requested = inFlight.containsKey(placed.image());
    inFlight.computeIfAbsent(placed.image(), first -> new ArrayList<>()).add(placed.label());
    labelsInFlight.incrementAndGet();
    if (!requested) {
      worker.orElseThrow().fetch(placed.image());
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

  private void take(List<RecordLog.ReadResult> results) {
    for (RecordLog.ReadResult result : results) {
      List<GivenLabel> labels = inFlight.remove(result.place());
      labelsInFlight.addAndGet(-labels.size());
      for (GivenLabel label : labels) {
        if (result instanceof RecordLog.Found found) {
          output.collect(new StreamRecord<>(new LabelledRecord(label, found.record())));
        } else if (result instanceof RecordLog.Missing missing) {
          reject(label, missing);
        }
      }
    }
    worker.orElseThrow().taken();
  }

  private void reject(GivenLabel label, RecordLog.Missing missing) {
    RejectedImage rejected =
        RejectedImage.of(
            label,
            "its image cannot be read again: %s %s".formatted(missing.place(), missing.reason()));
    jobMetrics.rejected();
    LOG.debug("Rejected {}: {}", rejected.source, rejected.reason);
    output.collect(DecodeOperator.REJECTED, new StreamRecord<>(rejected));
  }

  private static void fail(Throwable failure) throws Exception {
    throw new LabelFetchException(failure);
  }

  @Override
  public void endInput() throws Exception {
    while (labelsInFlight.get() > 0) {
      mailbox.yield();
    }
  }

  @Override
  public void processWatermark(Watermark mark) {}

  @Override
  public void processWatermarkStatus(WatermarkStatus status) {}

  @Override
  public void close() throws Exception {
    try {
      if (worker != null) {
        worker.ifPresent(FetchWorker::close);
      }
    } finally {
      super.close();
    }
  }
}
