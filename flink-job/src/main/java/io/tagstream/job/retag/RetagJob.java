package io.tagstream.job.retag;

import io.tagstream.job.decode.DecodeOperator;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.inference.LiveModels;
import io.tagstream.job.inference.MicroBatchOperator;
import io.tagstream.job.inference.MicroBatching;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.settings.ImageSettings;
import io.tagstream.settings.InferenceSettings;
import java.util.Optional;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The topology that tags a range of images again; bounded. */
final class RetagJob {
  private final Source<IncomingRecord, ?, ?> images;
  private final Optional<Source<FirstTag, ?, ?>> earlierTags;
  private final LiveModels model;
  private final Sink<RetaggedImage> answers;

  /** The missing records, and the sink for those that cannot be tagged. */
  record Repair(MissingRecords missing, Sink<RejectedImage> rejections) {}

  private final Optional<Repair> repair;

  /**
   * All sources are bounded.
   *
   * @param earlierTags earlier first tags of the images; if present, only predictions that differ
   *     are sent
   * @param repair restricts the job to missing records; if empty, all images are tagged, and those
   *     that cannot be are not rejected, since the job that read them first rejected them
   */
  RetagJob(
      Source<IncomingRecord, ?, ?> images,
      Optional<Source<FirstTag, ?, ?>> earlierTags,
      LiveModels model,
      Sink<RetaggedImage> answers,
      Optional<Repair> repair) {
    this.images = images;
    this.earlierTags = earlierTags;
    this.model = model;
    this.answers = answers;
    this.repair = repair;
  }

  /** Adds the job to an environment, whose parallelism applies to reading and decoding. */
  void addTo(
      StreamExecutionEnvironment environment,
      CropGeometry geometry,
      MicroBatching batching,
      ImageSettings limits,
      InferenceSettings inference) {
    SingleOutputStreamOperator<DecodedImage> decoded =
        wanted(
                environment
                    .fromSource(images, WatermarkStrategy.noWatermarks(), "Images")
                    .uid("images"))
            .process(new DecodeOperator(geometry, batching.views(), limits))
            .name("Decode")
            .uid("decode");

    // The operator needs this input: one announcement, which leads it to the same version again.
    DataStream<LiveModelChanged> updates =
        environment
            .fromData(new LiveModelChanged(new Coordinates("", 0, 0)))
            .uid("model-updates")
            .setParallelism(1);

    SingleOutputStreamOperator<TaggedImage> tagged =
        decoded
            .rebalance()
            .connect(updates.broadcast())
            .transform(
                "Micro-batch and inference",
                TypeInformation.of(TaggedImage.class),
                new MicroBatchOperator(model, batching, geometry, inference, NotePlace.nowhere()))
            .uid("inference")
            .setParallelism(1);

    SingleOutputStreamOperator<TaggedImage> counted =
        tagged
            .map(new CountElements<>(CountElements.TAGGED))
            .returns(TaggedImage.class)
            .name("Count tagged")
            .uid("count-tagged")
            .setParallelism(1);

    SingleOutputStreamOperator<RetaggedImage> leaving =
        earlierTags
            .map(tags -> changed(environment, counted, tags))
            .orElseGet(() -> counted.map(image -> new RetaggedImage(image, null)))
            .returns(RetaggedImage.class)
            .name("Leaving")
            .uid("leaving")
            .setParallelism(1);

    leaving
        .map(new CountElements<>(CountElements.SENT))
        .returns(RetaggedImage.class)
        .name("Count sent")
        .uid("count-sent")
        .setParallelism(1)
        .sinkTo(answers)
        .name("Answers")
        .uid("answers")
        .setParallelism(1);

    DataStream<RejectedImage> unanswered =
        tagged
            .getSideOutput(MicroBatchOperator.UNANSWERED)
            .map(
                image ->
                    RejectedImage.withoutContent(
                        image.source(),
                        Optional.of(image.imageId()),
                        RejectionStage.INFERENCE,
                        image.reason(),
                        image.recordBytes(),
                        image.at()))
            .returns(RejectedImage.class)
            .name("Unanswered")
            .uid("unanswered")
            .setParallelism(1);

    SingleOutputStreamOperator<RejectedImage> unreadable =
        decoded
            .getSideOutput(DecodeOperator.REJECTED)
            .union(unanswered)
            .process(new NameUnreadable())
            .name("Unreadable")
            .uid("unreadable")
            .setParallelism(1);
    repair.ifPresent(
        given ->
            unreadable
                .sinkTo(given.rejections())
                .name("Rejections")
                .uid("rejections")
                .setParallelism(1));
  }

  private SingleOutputStreamOperator<IncomingRecord> wanted(
      SingleOutputStreamOperator<IncomingRecord> all) {
    if (repair.isEmpty()) {
      return all;
    }
    MissingRecords missing = repair.get().missing();
    return all.filter(record -> missing.contains(record.source)).name("Missing").uid("missing");
  }

  private static SingleOutputStreamOperator<RetaggedImage> changed(
      StreamExecutionEnvironment environment,
      DataStream<TaggedImage> tagged,
      Source<FirstTag, ?, ?> earlierTags) {
    return tagged
        .keyBy(TaggedImage::source, TypeInformation.of(Coordinates.class))
        .connect(
            environment
                .fromSource(earlierTags, WatermarkStrategy.noWatermarks(), "Earlier predictions")
                .uid("said-before")
                .keyBy(FirstTag::source, TypeInformation.of(Coordinates.class)))
        .process(new KeepChanged());
  }
}
