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
 * Serializes rejections for {@code rejected-images}: with the record's content where it fits the
 * topic, else with its size and hash instead.
 */
public final class RejectionRecords implements SerializationSchema<RejectedImage> {
  private static final long serialVersionUID = 1L;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** Enough for any rejection without content: an id twice, a reason, coordinates. */
  private static final int LEAST_ROOM = 8 << 10;

  private final RecordLimit limit;
  private transient WireFormat<Rejection> format;
  private transient long largestBatch;

  /**
   * @param limit of the rejections' topic
   */
  public RejectionRecords(RecordLimit limit) {
    this.limit = limit;
  }

  /**
   * Checks that a topic accepts every rejection, if necessary without its content.
   *
   * @throws UserException when its limit is too small
   */
  public static void requireRoom(RecordLimit limit) {
    long largestBatch = limit.largestBatch();
    if (largestBatch < LEAST_ROOM) {
      throw new UserException(
          "the topic %s accepts records of at most %d bytes, but a rejection needs up to %d even without its content: raise max.message.bytes of the topic, or kafka.max.request.size and kafka.buffer.memory of the job"
              .formatted(limit.topic(), largestBatch, LEAST_ROOM));
    }
  }

  /** Null, Kafka's "no key", where the id could not be read: such records go to any partition. */
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
    // Checked first, to avoid another copy of the content.
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
