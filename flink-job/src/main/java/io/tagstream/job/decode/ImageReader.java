package io.tagstream.job.decode;

import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.suspects.NotedRecord;
import io.tagstream.job.suspects.Notes;
import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.HungDecodersException;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.MalformedRecordException;
import io.tagstream.schemas.RecordText;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.ImageSettings;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.apache.flink.runtime.execution.SuppressRestartsException;

/**
 * Reads the image of a record's value and decodes it into crops. Holds native memory until closed.
 */
class ImageReader implements AutoCloseable {
  private static final String GROUP = "group";

  private final WireFormat<Image> format = WireFormat.of(Image.class);
  private final ImageDecoder decoder;
  private final Notes notes;

  /**
   * @param views 1, 2 or 10 crops per image
   * @param notes are closed with this
   */
  ImageReader(CropGeometry geometry, int views, ImageSettings limits, Notes notes) {
    this.notes = notes;
    decoder =
        new ImageDecoder(
            geometry.resize(),
            geometry.crop(),
            Views.of(views),
            new DecodeLimits(
                Math.toIntExact(limits.maxBytes().bytes()),
                limits.maxPixels(),
                limits.memory().bytes(),
                limits.decodeTimeout()));
  }

  /** Reads an image that has a valid id and carries its content. */
  Image read(byte[] value) throws UnusableImageException {
    Image image;
    try {
      image = format.decode(value);
      RecordText.requireId(image.getId());
    } catch (MalformedRecordException | IllegalArgumentException e) {
      throw new UnusableImageException(RejectionStage.AVRO, Optional.empty(), e.getMessage());
    }
    Optional<String> id = Optional.of(image.getId());
    try {
      image.getAttributes().forEach(ImageReader::requireAttribute);
    } catch (IllegalArgumentException e) {
      throw new UnusableImageException(RejectionStage.AVRO, id, e.getMessage());
    }
    if (image.getContent().isPresent() == image.getUri().isPresent()) {
      throw new UnusableImageException(
          RejectionStage.AVRO,
          id,
          "an image has exactly one of content and uri, this one %s"
              .formatted(image.getUri().isPresent() ? "both" : "neither"));
    }
    if (image.getUri().isPresent()) {
      throw new UnusableImageException(
          RejectionStage.FETCH, id, "this version fetches nothing: send the content, not a uri");
    }
    return image;
  }

  private static void requireAttribute(String name, String value) {
    RecordText.require("the name of an attribute", name);
    RecordText.require("the attribute '%s'".formatted(name), value);
  }

  /**
   * {@code [views][S][S][3]}, RGB, of an image that {@link #read} gave.
   *
   * @param record the image's
   * @throws SuppressRestartsException when hung decodes hold the threads and memory that further
   *     ones need; they stay in this process, so a restart of the job would not free them
   */
  byte[] crops(Image image, NotedRecord record) throws UnusableImageException {
    Optional<RejectionStage> ended = notes.endedAt(record);
    if (ended.isPresent()) {
      throw new UnusableImageException(
          ended.get(),
          Optional.of(image.getId()),
          ended.get() == RejectionStage.INFERENCE
              ? "the process ended twice while the model computed this image alone"
              : "the process ended twice while this image alone was decoded");
    }
    try {
      return notes.during(RejectionStage.DECODE, List.of(record), () -> decode(content(image)));
    } catch (UnreadableImageException e) {
      throw new UnusableImageException(
          switch (e.stage()) {
            case DECODE -> RejectionStage.DECODE;
            case LIMIT -> RejectionStage.LIMIT;
          },
          Optional.of(image.getId()),
          e.reason());
    } catch (HungDecodersException e) {
      throw new SuppressRestartsException(e);
    }
  }

  /** Decodes an encoded image into its crops. A fault in native code here ends the process. */
  byte[] decode(byte[] content) throws UnreadableImageException {
    return decoder.decode(content);
  }

  /** The encoded image. Avro usually returns a buffer over its whole array; any other is copied. */
  static byte[] content(Image image) {
    ByteBuffer content = image.getContent().orElseThrow();
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

  /** The group that the sender gave; images of one group belong together. Empty when blank. */
  static Optional<String> group(Image image) {
    return Optional.ofNullable(image.getAttributes().get(GROUP)).filter(word -> !word.isBlank());
  }

  @Override
  public void close() {
    try {
      decoder.close();
    } finally {
      notes.close();
    }
  }
}
