package io.tagstream.job;

import io.tagstream.schemas.RejectionStage;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/** The job's own metrics by name. Times are in milliseconds. */
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

  /** Values that a histogram remembers. */
  private static final int WINDOW = 1024;

  private JobMetrics() {}

  /** What the decode operator reports; {@code rejected.STAGE} counts. */
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

    /** An image's decode, resize and crops. */
    public void decoded(Duration time) {
      decodeTime.update(time.toMillis());
    }

    public void rejected(RejectionStage stage) {
      rejected.get(stage).inc();
    }
  }

  /** What the micro-batch operator reports; to be called on its task's thread. */
  public static final class Inference {
    private final Histogram batchImages;
    private final Histogram batchWait;
    private final Histogram inferenceTime;
    private final Counter modelLoadsRejected;

    /** The suppliers are asked by the reporters' threads. */
    public Inference(
        MetricGroup operator, Supplier<Integer> inFlight, Supplier<String> activeVersion) {
      MetricGroup group = operator.addGroup(GROUP);
      batchImages = histogram(group, BATCH_IMAGES);
      batchWait = histogram(group, BATCH_WAIT);
      inferenceTime = histogram(group, INFERENCE_TIME);
      modelLoadsRejected = group.counter(MODEL_LOADS_REJECTED);
      group.gauge(BATCHES_IN_FLIGHT, (Gauge<Integer>) inFlight::get);
      group.gauge(ACTIVE_MODEL_VERSION, (Gauge<String>) activeVersion::get);
    }

    /** A batch goes to the engine, this long after its first image came. */
    public void dispatched(int images, long waitMillis) {
      batchImages.update(images);
      batchWait.update(waitMillis);
    }

    public void answered(Duration inference) {
      inferenceTime.update(inference.toMillis());
    }

    public void modelLoadRejected() {
      modelLoadsRejected.inc();
    }
  }

  private static Histogram histogram(MetricGroup group, String name) {
    return group.histogram(name, new DescriptiveStatisticsHistogram(WINDOW));
  }
}
