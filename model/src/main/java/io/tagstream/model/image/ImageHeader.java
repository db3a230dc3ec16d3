package io.tagstream.model.image;

import io.tagstream.model.image.UnreadableImageException.Stage;
import java.util.Objects;

/**
 * What a file declares about its image. Nothing is verified before the image is decoded.
 *
 * @param width columns as stored, before the image is turned upright, at least 1
 * @param height rows as stored, at least 1
 */
public record ImageHeader(ImageFormat format, int width, int height) {

  public ImageHeader {
    Objects.requireNonNull(format);
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException("%s of %d x %d".formatted(format, width, height));
    }
  }

  /**
   * Reads the header without allocating a pixel.
   *
   * @throws UnreadableImageException if the header is of no known format, is truncated or declares
   *     a side of zero
   */
  public static ImageHeader read(byte[] encoded) throws UnreadableImageException {
    return ImageFile.open(new EncodedBytes(encoded)).header();
  }

  /** As the constructor, for unchecked numbers from a file. */
  static ImageHeader declared(ImageFormat format, long width, long height)
      throws UnreadableImageException {
    if (width < 1 || height < 1) {
      throw new UnreadableImageException(
          Stage.DECODE, "the %s's header declares %d x %d pixels".formatted(format, width, height));
    }
    if (width > Integer.MAX_VALUE || height > Integer.MAX_VALUE) {
      throw new UnreadableImageException(
          Stage.LIMIT, "the %s's header declares %d x %d pixels".formatted(format, width, height));
    }
    return new ImageHeader(format, (int) width, (int) height);
  }

  public long pixels() {
    return (long) width * height;
  }
}
