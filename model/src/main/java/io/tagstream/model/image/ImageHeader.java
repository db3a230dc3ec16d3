package io.tagstream.model.image;

import io.tagstream.model.image.UnreadableImageException.Stage;
import java.util.Objects;

/**
 * What a file declares of its picture. Nothing of it is proven until the picture is decoded.
 *
 * @param width columns as stored, before the picture is turned upright, at least 1
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
   * Reads what the file declares; no pixel is allocated.
   *
   * @throws UnreadableImageException for anything whose header is of no known format, cut short or
   *     declares a side of zero
   */
  public static ImageHeader read(byte[] encoded) throws UnreadableImageException {
    return ImageFile.open(new EncodedBytes(encoded)).header();
  }

  /** As the constructor, for numbers out of a file. */
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

  /** Width times height. */
  public long pixels() {
    return (long) width * height;
  }
}
