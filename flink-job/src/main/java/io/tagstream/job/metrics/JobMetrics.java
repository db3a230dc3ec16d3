package io.tagstream.job.metrics;

import io.tagstream.model.store.RetrainStatus;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.schemas.RejectionStage;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/** The metrics that the job registers with Flink, and their names. Times are in milliseconds. */
public final class JobMetrics {
  private static final String GROUP = "tagstream";

  static final String BATCH_IMAGES = "batchImages";
  static final String BATCH_WAIT = "batchWaitMs";
  static final String DECODE_TIME = "decodeTimeMs";
  static final String INFERENCE_TIME = "inferenceTimeMs";
  static final String BATCHES_IN_FLIGHT = "batchesInFlight";
  static final String REJECTED = "rejected";
  static final String ACTIVE_MODEL_VERSION = "activeModelVersion";
  static final String MODEL_LOADS_REJECTED = "modelLoadsRejected";
  static final String TRAINING_EPOCH = "trainingEpoch";
  static final String TRAINING_STEP = "trainingStep";
  static final String TRAINING_IMAGES_PER_SECOND = "trainingImagesPerSecond";
  static final String TRAINING_LOSS = "trainingLoss";
  static final String TRAINING_WAITING = "trainingWaitingShare";
  static final String RUNS_STARTED = "runsStarted";
  static final String RUNS_PROMOTED = "runsPromoted";
  static final String RUNS_WITHOUT_GAIN = "runsWithoutGain";
  static final String RUNS_REJECTED = "runsRejected";
  static final String ATTEMPTS_FAILED = "runAttemptsFailed";
  static final String LIVE_ACCURACY = "liveAccuracy";
  static final String NEW_LABELS = "newLabels";
  static final String TRAINING_ROWS = "trainingRows";

  static final String DELETED_UNREAD = "deletedUnread";

  static final String LABELS_WAITING = "labelsWaiting";
  static final String LABELS_FETCHING = "labelsFetching";
  static final String LABELS_JOINED = "labelsJoined";
  static final String LABELS_REJECTED = "labelsRejected";

  /** The number of latest values that a histogram keeps. */
  private static final int WINDOW = 1024;

  private JobMetrics() {}

  /** Metrics of a source. */
  public static final class Reading {
    private final Counter deletedUnread;

    public Reading(MetricGroup operator) {
      deletedUnread = operator.addGroup(GROUP).counter(DELETED_UNREAD);
    }

    /** Counts offsets that were deleted before they were read. */
    public void deletedUnread(long offsets) {
      deletedUnread.inc(offsets);
    }
  }

  /** Metrics of the decode operator, with a counter {@code rejected.STAGE} for each stage. */
  public static final class Decoding {
    private final Histogram decodeTime;
    private final Map<RejectionStage, Counter> rejected = new EnumMap<>(RejectionStage.class);

    public Decoding(MetricGroup operator) {
      MetricGroup group = operator.addGroup(GROUP);
      decodeTime = histogram(group, DECODE_TIME);
      MetricGroup stages = group.addGroup(REJECTED);
      for (RejectionStage stage : RejectionStage.values()) {
        rejected.put(stage, stages.counter(stage.word()));
      }
    }

    /** The time to decode, resize and crop an image. */
    public void decoded(Duration time) {
      decodeTime.update(time.toMillis());
    }

    public void rejected(RejectionStage stage) {
      rejected.get(stage).inc();
    }
  }

  /** Metrics of the micro-batch operator; to be called on its task's thread. */
  public static final class Inference {
    private final Histogram batchImages;
    private final Histogram batchWait;
    private final Histogram inferenceTime;
    private final Counter modelLoadsRejected;
    private final Counter rejected;

    /** Metric reporters call the suppliers on their own threads. */
    public Inference(
        MetricGroup operator, Supplier<Integer> inFlight, Supplier<String> activeVersion) {
      MetricGroup group = operator.addGroup(GROUP);
      batchImages = histogram(group, BATCH_IMAGES);
      batchWait = histogram(group, BATCH_WAIT);
      inferenceTime = histogram(group, INFERENCE_TIME);
      modelLoadsRejected = group.counter(MODEL_LOADS_REJECTED);
      rejected = group.addGroup(REJECTED).counter(RejectionStage.INFERENCE.word());
      group.gauge(BATCHES_IN_FLIGHT, (Gauge<Integer>) inFlight::get);
      group.gauge(ACTIVE_MODEL_VERSION, (Gauge<String>) activeVersion::get);
    }

    /**
     * A batch was given to the engine.
     *
     * @param waitMillis since its first image arrived
     */
    public void dispatched(int images, long waitMillis) {
      batchImages.update(images);
      batchWait.update(waitMillis);
    }

    public void computed(Duration inference) {
      inferenceTime.update(inference.toMillis());
    }

    /** The engine fails on an image. */
    public void rejected() {
      rejected.inc();
    }

    public void modelLoadRejected() {
      modelLoadsRejected.inc();
    }
  }

  /** Metrics of the retrain operator; to be called on its task's thread. */
  public static final class Retraining {
    private final Counter started;
    private final Map<ModelStatus, Counter> ended = new EnumMap<>(ModelStatus.class);
    private final Counter failed;

    /** Read by the threads of metric reporters. */
    private volatile Optional<RetrainStatus> status = Optional.empty();

    private volatile double liveAccuracy = Double.NaN;

    public Retraining(MetricGroup operator) {
      MetricGroup group = operator.addGroup(GROUP);
      started = group.counter(RUNS_STARTED);
      ended.put(ModelStatus.PROMOTED, group.counter(RUNS_PROMOTED));
      ended.put(ModelStatus.CANDIDATE, group.counter(RUNS_WITHOUT_GAIN));
      ended.put(ModelStatus.REJECTED, group.counter(RUNS_REJECTED));
      failed = group.counter(ATTEMPTS_FAILED);
      group.gauge(LIVE_ACCURACY, (Gauge<Double>) () -> liveAccuracy);
      group.gauge(NEW_LABELS, (Gauge<Long>) () -> status.map(RetrainStatus::newLabels).orElse(0L));
      group.gauge(TRAINING_ROWS, (Gauge<Long>) () -> status.map(RetrainStatus::rows).orElse(0L));
      progress(group, TRAINING_EPOCH, RetrainStatus.Progress::epoch);
      progress(group, TRAINING_STEP, RetrainStatus.Progress::step);
      progress(group, TRAINING_IMAGES_PER_SECOND, RetrainStatus.Progress::imagesPerSecond);
      progress(group, TRAINING_LOSS, RetrainStatus.Progress::loss);
      progress(group, TRAINING_WAITING, RetrainStatus.Progress::waiting);
    }

    /** Registers a gauge of the running training; 0 while none runs. */
    private void progress(
        MetricGroup group, String name, ToDoubleFunction<RetrainStatus.Progress> value) {
      group.gauge(
          name,
          (Gauge<Double>)
              () ->
                  status
                      .flatMap(RetrainStatus::run)
                      .flatMap(RetrainStatus.Run::progress)
                      .map(value::applyAsDouble)
                      .orElse(0.0));
    }

    /** A run started: its manifest was written. */
    public void started() {
      started.inc();
    }

    /** The outcome of a run was announced: promoted, candidate or rejected. */
    public void ended(ModelStatus outcome) {
      ended.get(outcome).inc();
    }

    /** Counts a failed attempt of a run. */
    public void failed() {
      failed.inc();
    }

    /**
     * Updates the gauges.
     *
     * @param live the live version's accuracy; empty before its first labelled image
     */
    public void show(RetrainStatus latest, Optional<RetrainStatus.Accuracy> live) {
      status = Optional.of(latest);
      liveAccuracy =
          live.map(answers -> (double) answers.recentRight() / answers.recentLabels())
              .orElse(Double.NaN);
    }
  }

  /** Metrics of the operators that process labels; each uses some of them. */
  public static final class Labels {
    private final MetricGroup group;
    private final Counter joined;
    private final Counter rejected;

    public Labels(MetricGroup operator) {
      group = operator.addGroup(GROUP);
      joined = group.counter(LABELS_JOINED);
      rejected = group.counter(LABELS_REJECTED);
    }

    /**
     * The number of labels whose image has not arrived; called by the threads of metric reporters.
     */
    public void waiting(Supplier<Integer> labels) {
      group.gauge(LABELS_WAITING, (Gauge<Integer>) labels::get);
    }

    /**
     * The number of labels whose image is being read again; called by the threads of metric
     * reporters.
     */
    public void fetching(Supplier<Integer> labels) {
      group.gauge(LABELS_FETCHING, (Gauge<Integer>) labels::get);
    }

    /** A label was joined with its image, which goes to the training store. */
    public void joined() {
      joined.inc();
    }

    public void rejected() {
      rejected.inc();
    }
  }

  private static Histogram histogram(MetricGroup group, String name) {
    return group.histogram(name, new DescriptiveStatisticsHistogram(WINDOW));
  }
}
