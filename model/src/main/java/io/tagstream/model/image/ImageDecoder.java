package io.tagstream.model.image;

import io.tagstream.model.image.UnreadableImageException.Stage;

/**
 * Encoded image in, the pixels that a network expects out: JPEG (grey, YCbCr, RGB, CMYK in Adobe's
 * inverted convention, baseline and progressive), PNG, GIF (first frame), WebP (first frame), BMP
 * and TIFF (first picture). Pictures are turned upright as their EXIF asks, sixteen bits become
 * eight, transparency is laid over white, embedded colour profiles are ignored.
 *
 * <p>An image passes in this order: its size in bytes, its header against the limits, a walk over
 * the whole file, and only then a codec.
 *
 * <p>For one thread at a time: it holds native memory, which {@link #close()} frees.
 */
public final class ImageDecoder implements AutoCloseable {
  private final DecodeLimits limits;
  private final PixelDecoder pixels;

  /**
   * @param resize the shorter side after resizing, in pixels
   * @param crop S, the side of a crop in pixels, at most {@code resize}
   */
  public ImageDecoder(int resize, int crop, Views views, DecodeLimits limits) {
    this.limits = limits;
    pixels = new PixelDecoder(resize, crop, views);
  }

  /**
   * The crops of the centre: shorter side to {@code resize}, the central {@code resize x resize},
   * the views of it.
   *
   * @return {@code [views][S][S][3]} RGB bytes, freshly allocated
   * @throws UnreadableImageException for anything that is no whole picture within the limits
   */
  public byte[] decode(byte[] encoded) throws UnreadableImageException {
    return pixels.centre(check(encoded));
  }

  /**
   * As {@link #decode}, and the whole picture's hash.
   *
   * @throws UnreadableImageException for anything that is no whole picture within the limits
   */
  public HashedCrops decodeAndHash(byte[] encoded) throws UnreadableImageException {
    return pixels.hashedCentre(check(encoded));
  }

  /**
   * A region of the picture, for training, which chooses its own. No more is decoded and scaled
   * than it needs; its edges are rounded to pixels.
   *
   * @param colors what becomes of its colours
   * @throws UnreadableImageException for anything that is no whole picture within the limits
   */
  public RgbImage decodeRegion(byte[] encoded, Region.Choice choice, ColorChange colors)
      throws UnreadableImageException {
    ImageFile file = check(encoded);
    ImageHeader header = file.header();
    boolean sideways = file.orientation().transpose();
    Region chosen =
        choice.choose(
            sideways ? header.height() : header.width(),
            sideways ? header.width() : header.height());
    if ((long) chosen.toWidth() * chosen.toHeight() > limits.maxPixels()) {
      throw new UnreadableImageException(
          Stage.LIMIT,
          "%d x %d pixels after resizing, over image.max-pixels %d"
              .formatted(chosen.toWidth(), chosen.toHeight(), limits.maxPixels()));
    }
    return pixels.region(file, chosen, colors);
  }

  /** Everything that can be said without a pixel. */
  private ImageFile check(byte[] encoded) throws UnreadableImageException {
    if (encoded.length > limits.maxBytes()) {
      throw new UnreadableImageException(
          Stage.LIMIT,
          "%d bytes, over image.max-bytes %d".formatted(encoded.length, limits.maxBytes()));
    }
    ImageFile file = ImageFile.open(new EncodedBytes(encoded));
    ImageHeader header = file.header();
    if (header.pixels() > limits.maxPixels()) {
      throw new UnreadableImageException(
          Stage.LIMIT,
          "the %s's header declares %d x %d pixels, over image.max-pixels %d"
              .formatted(header.format(), header.width(), header.height(), limits.maxPixels()));
    }
    file.checkWhole();
    return file;
  }

  @Override
  public void close() {
    pixels.close();
  }
}
