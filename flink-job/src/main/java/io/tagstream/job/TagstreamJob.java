package io.tagstream.job;

import io.tagstream.job.decode.DecodeOperator;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.inference.LiveModels;
import io.tagstream.job.inference.MicroBatchOperator;
import io.tagstream.job.source.OffsetGuard;
import io.tagstream.job.source.SourceBroker;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The job's operators and how they hang together. */
public final class TagstreamJob {
  static final String CPU_SLOTS = "cpu";
  static final String ENGINE_SLOTS = "engine";
  private static final String ALL_SLOTS = "default";

  private final Source<IncomingRecord, ?, ?> images;
  private final Source<LiveModelChanged, ?, ?> modelUpdates;
  private final SourceBroker broker;
  private final LiveModels models;
  private final Sink<TaggedImage> predictions;
  private final Sink<RejectedImage> rejections;

  public TagstreamJob(
      Source<IncomingRecord, ?, ?> images,
      Source<LiveModelChanged, ?, ?> modelUpdates,
      SourceBroker broker,
      LiveModels models,
      Sink<TaggedImage> predictions,
      Sink<RejectedImage> rejections) {
    this.images = images;
    this.modelUpdates = modelUpdates;
    this.broker = broker;
    this.models = models;
    this.predictions = predictions;
    this.rejections = rejections;
  }

  /** Adds the job to an environment. */
  public void addTo(StreamExecutionEnvironment environment, JobPlan plan) {
    String cpu = plan.separateSlots() ? CPU_SLOTS : ALL_SLOTS;
    String engine = plan.separateSlots() ? ENGINE_SLOTS : ALL_SLOTS;

    SingleOutputStreamOperator<IncomingRecord> incoming =
        environment
            .fromSource(
                images,
                WatermarkStrategy.<IncomingRecord>forMonotonousTimestamps()
                    .withIdleness(plan.idleAfter()),
                "Images")
            .uid("images")
            .setParallelism(plan.sourceParallelism())
            .slotSharingGroup(cpu);

    incoming
        .map(record -> record.source)
        .returns(Coordinates.class)
        .name("Coordinates")
        .uid("coordinates")
        .setParallelism(plan.sourceParallelism())
        .process(new OffsetGuard(broker, plan.acceptLoss()))
        .name("Offset guard")
        .uid("offset-guard")
        .setParallelism(1);

    SingleOutputStreamOperator<DecodedImage> decoded =
        incoming
            .process(new DecodeOperator(plan.geometry(), plan.batching().views(), plan.images()))
            .name("Decode")
            .uid("decode")
            .setParallelism(plan.decodeParallelism());

    DataStream<LiveModelChanged> updates =
        environment
            .fromSource(modelUpdates, WatermarkStrategy.noWatermarks(), "Model updates")
            .uid("model-updates")
            .setParallelism(1)
            .slotSharingGroup(cpu);

    decoded
        // Also where parallelisms are equal: a busy partition must not keep one engine busy alone.
        .rebalance()
        .connect(updates.broadcast())
        .transform(
            "Micro-batch and inference",
            TypeInformation.of(TaggedImage.class),
            new MicroBatchOperator(models, plan.batching(), plan.geometry()))
        .uid("inference")
        .setParallelism(plan.inferenceParallelism())
        .slotSharingGroup(engine)
        .sinkTo(predictions)
        .name("Predictions")
        .uid("predictions-" + plan.sinkGeneration())
        .setParallelism(plan.inferenceParallelism());

    decoded
        .getSideOutput(DecodeOperator.REJECTED)
        .sinkTo(rejections)
        .name("Rejections")
        .uid("rejections-" + plan.sinkGeneration())
        // They are few, and each writer has a transaction to commit per checkpoint.
        .setParallelism(1)
        .slotSharingGroup(cpu);
  }
}
