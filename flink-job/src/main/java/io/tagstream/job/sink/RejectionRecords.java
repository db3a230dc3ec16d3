package io.tagstream.job.sink;

import io.tagstream.job.flow.RejectedImage;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.WireFormat;
import java.nio.ByteBuffer;
import org.apache.flink.api.common.serialization.SerializationSchema;

/** Rejected records as {@code rejected-images} has them. */
final class RejectionRecords implements SerializationSchema<RejectedImage> {
  private static final long serialVersionUID = 1L;
  private transient WireFormat<Rejection> format;

  @Override
  public void open(InitializationContext context) {
    format = WireFormat.of(Rejection.class);
  }

  @Override
  public byte[] serialize(RejectedImage image) {
    return format.encode(
        Rejection.newBuilder()
            .setImageId(image.imageId)
            .setStage(image.stage.word())
            .setReason(image.reason)
            .setSource(image.source.toSource())
            .setContent(ByteBuffer.wrap(image.content))
            .setRejectedAt(image.rejectedAt)
            .build());
  }
}
