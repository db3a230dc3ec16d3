package io.tagstream.job.decode;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.job.JobMetrics;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.LabelText;
import io.tagstream.schemas.MalformedRecordException;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.ImageSettings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From a record to the crops of its image. What cannot become that leaves at the side, with its
 * bytes and the reason, and the stream goes on.
 */
public final class DecodeOperator extends ProcessFunction<IncomingRecord, DecodedImage> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(DecodeOperator.class);

  /** The way of what gets no prediction. */
  public static final OutputTag<RejectedImage> REJECTED = new OutputTag<>("rejected") {};

  /**
   * An id goes out twice, as key and in the value, to topics whose records a broker limits to 1 MiB
   * unless told otherwise; a record above the limit ends the job.
   */
  private static final int LONGEST_ID = 1024;

  /** A rejection has its record's size and little more: see the limits of the topics. */
  private static final int LONGEST_REASON = 1000;

  private final CropGeometry geometry;
  private final int views;
  private final ImageSettings limits;

  private transient WireFormat<Image> format;
  private transient Optional<ImageDecoder> decoder;
  private transient JobMetrics.Decoding metrics;

  /** Topics of which it was said that their time is the producer's. */
  private transient Set<String> producersTime;

  /**
   * @param views 1, 2 or 10 crops per image
   */
  public DecodeOperator(CropGeometry geometry, int views, ImageSettings limits) {
    this.geometry = geometry;
    this.views = views;
    this.limits = limits;
  }

  @Override
  public void open(OpenContext context) {
    format = WireFormat.of(Image.class);
    producersTime = new HashSet<>();
    metrics = new JobMetrics.Decoding(getRuntimeContext().getMetricGroup());
    decoder =
        Optional.of(
            new ImageDecoder(
                geometry.resize(),
                geometry.crop(),
                Views.of(views),
                new DecodeLimits(Math.toIntExact(limits.maxBytes().bytes()), limits.maxPixels())));
  }

  @Override
  public void processElement(
      IncomingRecord record, Context context, Collector<DecodedImage> collector) {
    sayWhoseTime(record);
    Image image;
    try {
      image = format.decode(record.value);
    } catch (MalformedRecordException e) {
      reject(context, record, Optional.empty(), RejectionStage.AVRO, e.getMessage());
      return;
    }
    int idBytes = image.getId().getBytes(UTF_8).length;
    if (idBytes == 0 || idBytes > LONGEST_ID) {
      reject(
          context,
          record,
          Optional.empty(),
          RejectionStage.AVRO,
          "the id has %d bytes in UTF-8, 1 to %d are allowed".formatted(idBytes, LONGEST_ID));
      return;
    }
    Optional<String> id = Optional.of(image.getId());
    if (image.getContent().isPresent() == image.getUri().isPresent()) {
      reject(
          context,
          record,
          id,
          RejectionStage.AVRO,
          "an image has exactly one of content and uri, this one %s"
              .formatted(image.getUri().isPresent() ? "both" : "neither"));
      return;
    }
    if (image.getUri().isPresent()) {
      reject(
          context,
          record,
          id,
          RejectionStage.FETCH,
          "this version fetches nothing: send the content, not a uri");
      return;
    }
    Optional<String> label;
    try {
      label = image.getLabel().map(LabelText::normalize);
    } catch (IllegalArgumentException e) {
      reject(context, record, id, RejectionStage.LABEL, e.getMessage());
      return;
    }
    try {
      long start = System.nanoTime();
      byte[] pixels = decoder.orElseThrow().decode(bytes(image.getContent().orElseThrow()));
      metrics.decoded(Duration.ofNanos(System.nanoTime() - start));
      collector.collect(
          new DecodedImage(
              record.source,
              image.getId(),
              label,
              image.getCapturedAt(),
              record.timestamp,
              Instant.now(),
              pixels));
    } catch (UnreadableImageException e) {
      reject(
          context,
          record,
          id,
          switch (e.stage()) {
            case DECODE -> RejectionStage.DECODE;
            case LIMIT -> RejectionStage.LIMIT;
          },
          e.reason());
    }
  }

  private void sayWhoseTime(IncomingRecord record) {
    if (!record.brokerTime && producersTime.add(record.source.topic())) {
      LOG.warn(
          "appendedAt of {} is the producer's clock: message.timestamp.type is not LogAppendTime; tagstream topics sets it",
          record.source.topic());
    }
  }

  private void reject(
      Context context,
      IncomingRecord record,
      Optional<String> id,
      RejectionStage stage,
      String why) {
    String reason = cut(why);
    metrics.rejected(stage);
    LOG.debug("Rejected {} ({}): {}", record.source, stage.word(), reason);
    context.output(
        REJECTED, new RejectedImage(record.source, id, stage, reason, record.value, Instant.now()));
  }

  /** To the longest allowed, and never within a character. */
  static String cut(String reason) {
    if (reason.length() <= LONGEST_REASON) {
      return reason;
    }
    boolean within = Character.isHighSurrogate(reason.charAt(LONGEST_REASON - 1));
    return reason.substring(0, within ? LONGEST_REASON - 1 : LONGEST_REASON);
  }

  /** Avro gives a buffer that is the whole of its array, but need not. */
  private static byte[] bytes(ByteBuffer content) {
    if (content.hasArray()
        && content.arrayOffset() == 0
        && content.position() == 0
        && content.array().length == content.remaining()) {
      return content.array();
    }
    byte[] copy = new byte[content.remaining()];
    content.duplicate().get(copy);
    return copy;
  }

  @Override
  public void close() {
    if (decoder != null) {
      decoder.ifPresent(ImageDecoder::close);
      decoder = Optional.empty();
    }
  }
}
