package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.KafkaEnds;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.sink.PredictionRecords;
import io.tagstream.schemas.TopicLimit;
import java.time.Duration;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.base.DeliveryGuarantee;

/** The last steps: predictions are written to Kafka. */
public abstract class KafkaSinkStep extends KafkaSourceStep {
  private final DeliveryGuarantee guarantee;
  private final Duration interval;

  KafkaSinkStep(DeliveryGuarantee guarantee, Duration interval) {
    this.guarantee = guarantee;
    this.interval = interval;
  }

  /** At least once, at the default interval. */
  public static final class AtLeastOnce extends KafkaSinkStep {
    public AtLeastOnce() {
      super(DeliveryGuarantee.AT_LEAST_ONCE, Duration.ofSeconds(5));
    }
  }

  /** Exactly once, at the default interval. */
  public static final class ExactlyOnce extends KafkaSinkStep {
    public ExactlyOnce() {
      super(DeliveryGuarantee.EXACTLY_ONCE, Duration.ofSeconds(5));
    }
  }

  /** Exactly once, with a checkpoint a second. */
  public static final class ExactlyOnceEachSecond extends KafkaSinkStep {
    public ExactlyOnceEachSecond() {
      super(DeliveryGuarantee.EXACTLY_ONCE, Duration.ofSeconds(1));
    }
  }

  /** Exactly once, with two checkpoints a minute. */
  public static final class ExactlyOnceEachHalfMinute extends KafkaSinkStep {
    public ExactlyOnceEachHalfMinute() {
      super(DeliveryGuarantee.EXACTLY_ONCE, Duration.ofSeconds(30));
    }
  }

  @Override
  Duration checkpointInterval() {
    return interval;
  }

  @Override
  Sink<TaggedImage> predictions(ProbeTask task) {
    return KafkaEnds.answers(
        task,
        guarantee,
        new PredictionRecords(TopicLimit.of(task.connection(), KafkaEnds.TOPICS.predictions())));
  }
}
