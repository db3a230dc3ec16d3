package io.tagstream.job.sink;

import io.tagstream.job.flow.TaggedImage;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Tag;
import io.tagstream.schemas.WireFormat;
import org.apache.flink.api.common.serialization.SerializationSchema;

/** Answers as {@code predictions} has them. */
public final class PredictionRecords implements SerializationSchema<TaggedImage> {
  private static final long serialVersionUID = 1L;
  private transient WireFormat<Prediction> format;

  @Override
  public void open(InitializationContext context) {
    format = WireFormat.of(Prediction.class);
  }

  @Override
  public byte[] serialize(TaggedImage image) {
    return format.encode(record(image).build());
  }

  /** All of an answer's record but what it supersedes. */
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
