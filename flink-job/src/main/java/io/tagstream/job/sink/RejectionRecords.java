package io.tagstream.job.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.job.flow.RejectedImage;
import io.tagstream.schemas.RecordLimit;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Sha256;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.UserException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.apache.flink.api.common.serialization.SerializationSchema;

/**
 * Rejected records as {@code rejected-images} has them: whole where that fits the topic, else
 * without their content, which size and hash then stand for.
 */
public final class RejectionRecords implements SerializationSchema<RejectedImage> {
  private static final long serialVersionUID = 1L;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** Holds any rejection without its content: an id twice, a reason, coordinates. */
  private static final int LEAST_ROOM = 8 << 10;

  private final RecordLimit limit;
  private transient WireFormat<Rejection> format;
  private transient long largestBatch;

  /**
   * @param limit of the topic they go to
   */
  public RejectionRecords(RecordLimit limit) {
    this.limit = limit;
  }

  /**
   * Checks that a topic takes every rejection, if need be without its content.
   *
   * @throws UserException when it does not
   */
  public static void requireRoom(RecordLimit limit) {
    long largestBatch = limit.largestBatch();
    if (largestBatch < LEAST_ROOM) {
      throw new UserException(
          "the topic %s takes records of at most %d bytes, but a rejection needs up to %d even without its content: raise max.message.bytes of the topic, or kafka.max.request.size and kafka.buffer.memory of the job"
              .formatted(limit.topic(), largestBatch, LEAST_ROOM));
    }
  }

  /** Kafka's null, no key, where the id could not be read: such records go to any partition. */
  public static byte[] key(RejectedImage image) {
    return Optional.ofNullable(image.imageId).map(id -> id.getBytes(UTF_8)).orElse(null);
  }

  @Override
  public void open(InitializationContext context) {
    format = WireFormat.of(Rejection.class);
    largestBatch = limit.largestBatch();
  }

  @Override
  public byte[] serialize(RejectedImage image) {
    int key = Optional.ofNullable(image.imageId).map(id -> id.getBytes(UTF_8).length).orElse(0);
    Optional<byte[]> content = Optional.ofNullable(image.content);
    // Before a further copy of it is made.
    if (content.isPresent() && RecordLimit.allows(largestBatch, key, image.contentBytes)) {
      byte[] whole =
          format.encode(record(image).setContent(ByteBuffer.wrap(image.content)).build());
      if (RecordLimit.allows(largestBatch, key, whole.length)) {
        return whole;
      }
    }
    byte[] withoutContent =
        format.encode(
            record(image)
                .setContent(NOTHING)
                .setContentBytes(image.contentBytes)
                .setContentSha256(
                    content.map(bytes -> ByteBuffer.wrap(Sha256.of(bytes))).orElse(null))
                .build());
    if (!RecordLimit.allows(largestBatch, key, withoutContent.length)) {
      throw new RecordTooLargeFailure(
          "the rejection of " + image.source, key + withoutContent.length, limit, largestBatch);
    }
    return withoutContent;
  }

  private static Rejection.Builder record(RejectedImage image) {
    return Rejection.newBuilder()
        .setImageId(image.imageId)
        .setStage(image.stage.word())
        .setReason(image.reason)
        .setSource(image.source.toSource())
        .setRejectedAt(image.rejectedAt);
  }
}
