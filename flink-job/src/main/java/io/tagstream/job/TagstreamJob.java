package io.tagstream.job;

import io.tagstream.job.decode.DecodeLabelledOperator;
import io.tagstream.job.decode.DecodeOperator;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.LabelSignal;
import io.tagstream.job.flow.LabelledRecord;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.flow.ModelNews;
import io.tagstream.job.flow.PlacedLabel;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.RetrainRequest;
import io.tagstream.job.flow.SeenImage;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.health.StatusOperator;
import io.tagstream.job.inference.LiveModels;
import io.tagstream.job.inference.MicroBatchOperator;
import io.tagstream.job.inference.RejectUnanswered;
import io.tagstream.job.label.LabelFetch;
import io.tagstream.job.label.LabelJoin;
import io.tagstream.job.label.ReadLabels;
import io.tagstream.job.label.RecordLog;
import io.tagstream.job.lock.NameLockOperator;
import io.tagstream.job.retrain.Retraining;
import io.tagstream.job.source.OffsetGuard;
import io.tagstream.job.source.SourceBroker;
import io.tagstream.schemas.Topics;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The topology of the job. */
public final class TagstreamJob {
  static final String CPU_SLOTS = "cpu";
  static final String ENGINE_SLOTS = "engine";
  static final String TRAINING_SLOTS = "training";

  /** The uid of an operator that every job has that reads labels. */
  static final String LABEL_JOIN = "label-join";

  private static final String ALL_SLOTS = "default";

  private final Source<IncomingRecord, ?, ?> images;
  private final Source<LiveModelChanged, ?, ?> modelUpdates;
  private final SourceBroker broker;
  private final RecordLog log;
  private final LiveModels models;
  private final Sink<TaggedImage> predictions;
  private final Sink<RejectedImage> rejections;
  private final Optional<Learning> learning;

  /**
   * @param log reads images again, for labels and for rejections
   * @param learning if empty, labels are not read and labelled images are not kept
   */
  public TagstreamJob(
      Source<IncomingRecord, ?, ?> images,
      Source<LiveModelChanged, ?, ?> modelUpdates,
      SourceBroker broker,
      RecordLog log,
      LiveModels models,
      Sink<TaggedImage> predictions,
      Sink<RejectedImage> rejections,
      Optional<Learning> learning) {
    this.images = images;
    this.modelUpdates = modelUpdates;
    this.broker = broker;
    this.log = log;
    this.models = models;
    this.predictions = predictions;
    this.rejections = rejections;
    this.learning = learning;
  }

  /** Adds the job to the environment of this process, which observes the job itself. */
  public void addTo(StreamExecutionEnvironment environment, JobPlan plan) {
    SingleOutputStreamOperator<Void> unused = addStream(environment, plan);
  }

  /**
   * Adds the job to the environment of a cluster, with the operators that lock its name and write
   * its status there.
   */
  public void addTo(
      StreamExecutionEnvironment environment,
      JobPlan plan,
      NameLockOperator name,
      StatusOperator status) {
    addStream(environment, plan)
        .transform("Name lock", Types.VOID, name)
        .uid("name-lock")
        .setParallelism(1)
        .transform("Status", Types.VOID, status)
        .uid("status")
        .setParallelism(1);
  }

  /**
   * Returns the output of the offset guard: it has no elements, but passes checkpoints on, with a
   * parallelism of one.
   */
  private SingleOutputStreamOperator<Void> addStream(
      StreamExecutionEnvironment environment, JobPlan plan) {
    String cpu = plan.separateSlots() ? CPU_SLOTS : ALL_SLOTS;
    String engine = plan.separateSlots() ? ENGINE_SLOTS : ALL_SLOTS;

    SingleOutputStreamOperator<IncomingRecord> incoming =
        environment
            .fromSource(
                images,
                WatermarkStrategy.<IncomingRecord>forMonotonousTimestamps()
                    .withTimestampAssigner((record, unbounded) -> record.cameAt().toEpochMilli())
                    .withIdleness(plan.idleAfter()),
                "Images")
            .uid("images")
            .setParallelism(plan.sourceParallelism())
            .slotSharingGroup(cpu);

    SingleOutputStreamOperator<DecodedImage> decoded =
        incoming
            .process(
                new DecodeOperator(
                    plan.geometry(),
                    plan.batching().views(),
                    plan.images(),
                    plan.topics(),
                    plan.notes()))
            .name("Decode")
            .uid("decode")
            .setParallelism(plan.decodeParallelism());

    DataStream<Coordinates> read =
        incoming
            .map(new CoordinatesOf())
            .name("Coordinates")
            .uid("coordinates")
            .setParallelism(plan.sourceParallelism());
    DataStream<RejectedImage> rejected = decoded.getSideOutput(DecodeOperator.REJECTED);
    // Even if the parallelisms are equal: otherwise a busy partition would load only one engine.
    DataStream<DecodedImage> toTag = decoded.rebalance();

    Optional<Labels> labelled =
        learning.map(given -> addLabels(environment, given, decoded, plan, cpu));
    if (labelled.isPresent()) {
      Labels labels = labelled.get();
      read = read.union(labels.read());
      rejected = rejected.union(labels.rejected());
      toTag = toTag.union(labels.found().rebalance());
    }

    SingleOutputStreamOperator<Void> guarded =
        read.process(new OffsetGuard(broker, inputs(plan), plan.acceptLoss()))
            .name("Offset guard")
            .uid("offset-guard")
            .setParallelism(1);

    DataStream<LiveModelChanged> updates =
        environment
            .fromSource(modelUpdates, WatermarkStrategy.noWatermarks(), "Model updates")
            .uid("model-updates")
            .setParallelism(1)
            .slotSharingGroup(cpu);

    SingleOutputStreamOperator<TaggedImage> tagged =
        toTag
            .connect(updates.broadcast())
            .transform(
                "Micro-batch and inference",
                TypeInformation.of(TaggedImage.class),
                new MicroBatchOperator(
                    models, plan.batching(), plan.geometry(), plan.inference(), plan.notes()))
            .uid("inference")
            .setParallelism(plan.inferenceParallelism())
            .slotSharingGroup(engine);

    tagged
        .sinkTo(predictions)
        .name("Predictions")
        .uid("predictions-" + plan.sinkGeneration())
        .setParallelism(plan.inferenceParallelism());

    labelled.ifPresent(
        labels ->
            addRetraining(
                environment,
                learning.orElseThrow().retraining(),
                tagged.getSideOutput(MicroBatchOperator.LABELLED).union(labels.waiting()),
                plan,
                cpu));

    SingleOutputStreamOperator<RejectedImage> unanswered =
        tagged
            .getSideOutput(MicroBatchOperator.UNANSWERED)
            .process(new RejectUnanswered(log, plan.labels()))
            .name("Reject unanswered")
            .uid("reject-unanswered")
            .setParallelism(1)
            .slotSharingGroup(cpu);

    rejected
        .union(unanswered)
        .sinkTo(rejections)
        .name("Rejections")
        .uid("rejections-" + plan.sinkGeneration())
        // Rejections are few, and each writer commits a transaction per checkpoint.
        .setParallelism(1)
        .slotSharingGroup(cpu);
    return guarded;
  }

  /** The topics whose offsets the guard keeps. */
  private static Set<String> inputs(JobPlan plan) {
    Topics topics = plan.topics();
    return plan.learns()
        ? Set.of(topics.images(), topics.labeledImages(), topics.labels())
        : Set.of(topics.images(), topics.labeledImages());
  }

  /** Adds the operator that measures the live version, trains candidates and announces them. */
  private static void addRetraining(
      StreamExecutionEnvironment environment,
      Retraining retraining,
      DataStream<LabelSignal> labels,
      JobPlan plan,
      String cpu) {
    DataStream<RetrainRequest> requests =
        environment
            .fromSource(retraining.requests(), WatermarkStrategy.noWatermarks(), "Retrain requests")
            .uid("retrain-requests")
            .setParallelism(1)
            .slotSharingGroup(cpu);

    labels
        .connect(requests)
        .transform("Retrain", TypeInformation.of(ModelNews.class), retraining.operator())
        .uid("retrain")
        .setParallelism(1)
        .slotSharingGroup(TRAINING_SLOTS)
        .sinkTo(retraining.news())
        .name("Model news")
        .uid("model-news-" + plan.sinkGeneration())
        .setParallelism(1);
  }

  /** The outputs of the operators for labels. */
  private record Labels(
      DataStream<Coordinates> read,
      DataStream<LabelSignal> waiting,
      DataStream<DecodedImage> found,
      DataStream<RejectedImage> rejected) {}

  /**
   * Adds the operators that read labels, read their images again and write both into the training
   * store. Each has a parallelism of one: people label slowly, and for bulk labels the engine is
   * the bottleneck.
   */
  private Labels addLabels(
      StreamExecutionEnvironment environment,
      Learning learning,
      SingleOutputStreamOperator<DecodedImage> decoded,
      JobPlan plan,
      String cpu) {
    SingleOutputStreamOperator<IncomingRecord> incoming =
        environment
            .fromSource(learning.labels(), WatermarkStrategy.noWatermarks(), "Labels")
            .uid("labels")
            .setParallelism(1)
            .slotSharingGroup(cpu);

    SingleOutputStreamOperator<Coordinates> read =
        incoming
            .map(record -> record.source)
            .returns(Coordinates.class)
            .name("Coordinates of labels")
            .uid("label-coordinates")
            .setParallelism(1);

    SingleOutputStreamOperator<PlacedLabel> placed =
        incoming.process(new ReadLabels()).name("Read labels").uid("read-labels").setParallelism(1);

    SingleOutputStreamOperator<PlacedLabel> joined =
        decoded
            .getSideOutput(DecodeOperator.SEEN)
            .keyBy(SeenImage::imageId)
            .connect(placed.getSideOutput(ReadLabels.UNPLACED).keyBy(label -> label.imageId))
            .transform(
                "Join labels with images",
                TypeInformation.of(PlacedLabel.class),
                new LabelJoin(plan.labels()))
            .uid(LABEL_JOIN)
            .setParallelism(1);

    SingleOutputStreamOperator<LabelledRecord> fetched =
        placed
            .union(joined)
            .transform(
                "Fetch labelled images",
                TypeInformation.of(LabelledRecord.class),
                new LabelFetch(log, plan.labels()))
            .uid("label-fetch")
            .setParallelism(1);

    SingleOutputStreamOperator<DecodedImage> found =
        fetched
            .process(
                new DecodeLabelledOperator(
                    plan.geometry(), plan.batching().views(), plan.images(), plan.notes()))
            .name("Decode labelled")
            .uid("decode-labelled")
            .setParallelism(1);

    decoded
        .getSideOutput(DecodeOperator.TRAINING)
        .union(
            placed.getSideOutput(DecodeOperator.TRAINING),
            found.getSideOutput(DecodeOperator.TRAINING))
        .sinkTo(learning.trainingStore())
        .name("Training store")
        .uid("training-store")
        // One writer: fewer, larger files.
        .setParallelism(1)
        .slotSharingGroup(cpu);

    return new Labels(
        read,
        joined.getSideOutput(LabelJoin.WAITING),
        found,
        placed
            .getSideOutput(DecodeOperator.REJECTED)
            .union(
                joined.getSideOutput(DecodeOperator.REJECTED),
                fetched.getSideOutput(DecodeOperator.REJECTED),
                found.getSideOutput(DecodeOperator.REJECTED)));
  }
}
