package io.tagstream.job.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.RecordLimit;
import io.tagstream.schemas.Tag;
import io.tagstream.schemas.WireFormat;
import org.apache.flink.api.common.serialization.SerializationSchema;

/** Serializes predictions for {@code predictions}. */
public final class PredictionRecords implements SerializationSchema<TaggedImage> {
  private static final long serialVersionUID = 1L;
  private final RecordLimit limit;
  private transient WireFormat<Prediction> format;
  private transient long largestBatch;

  /**
   * @param limit of the predictions' topic
   */
  public PredictionRecords(RecordLimit limit) {
    this.limit = limit;
  }

  @Override
  public void open(InitializationContext context) {
    format = WireFormat.of(Prediction.class);
    largestBatch = limit.largestBatch();
  }

  @Override
  public byte[] serialize(TaggedImage image) {
    return serialize(record(image).build());
  }

  /** Encodes a prediction's value; {@link #open} must have been called. */
  public byte[] serialize(Prediction prediction) {
    byte[] value = format.encode(prediction);
    int key = prediction.getImageId().getBytes(UTF_8).length;
    if (!RecordLimit.allows(largestBatch, key, value.length)) {
      throw new RecordTooLargeFailure(
          "the prediction for " + Coordinates.of(prediction.getSource()),
          key + value.length,
          limit,
          largestBatch);
    }
    return value;
  }

  /** The whole record of a prediction except the version that it supersedes. */
  public static Prediction.Builder record(TaggedImage image) {
    return Prediction.newBuilder()
        .setImageId(image.imageId())
        .setModelVersion(image.modelVersion())
        .setTags(
            image.tags().stream()
                .map(tag -> new Tag(tag.label(), tag.classIndex(), tag.probability()))
                .toList())
        .setViews(image.views())
        .setSource(image.source().toSource())
        .setCapturedAt(image.capturedAt())
        .setAppendedAt(image.appendedAt())
        .setDecodedAt(image.decodedAt())
        .setPredictedAt(image.predictedAt())
        .setLabel(image.label());
  }
}
