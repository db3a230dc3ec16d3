package io.tagstream.model.image;

import io.tagstream.model.image.DecodeMemory.Claim;
import io.tagstream.model.image.UnreadableImageException.Stage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes an image into the pixels that a network expects: JPEG (grey, YCbCr, RGB, CMYK in Adobe's
 * inverted convention, baseline and progressive), PNG, GIF (first frame), WebP (first frame), BMP
 * and TIFF (first image). Images are turned upright according to their EXIF orientation, 16-bit
 * samples become 8-bit, transparency is blended over white, embedded colour profiles are ignored.
 *
 * <p>The steps are, in order: check the size in bytes, check the header against the limits, check
 * the whole file's structure, reserve memory, and run the codec on this decoder's thread.
 *
 * <p>A decode over its timeout cannot be stopped, because most of it is native code. Its image is
 * rejected; its thread and memory stay with it until it ends. Until then it counts in {@link
 * HungDecodes}; too many of these fail the process.
 *
 * <p>Not thread-safe. Holds native memory, which {@link #close()} frees.
 */
public final class ImageDecoder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ImageDecoder.class);

  private final int resize;
  private final int crop;
  private final Views views;
  private final DecodeLimits limits;
  private PixelDecoder pixels;
  private TimedThread thread;

  private interface Work<T> {
    T on(PixelDecoder pixels) throws UnreadableImageException;
  }

  /**
   * @param resize the shorter side after resizing, in pixels
   * @param crop S, the side of a crop in pixels, at most {@code resize}
   */
  public ImageDecoder(int resize, int crop, Views views, DecodeLimits limits) {
    this.resize = resize;
    this.crop = crop;
    this.views = views;
    this.limits = limits;
    begin();
  }

  private void begin() {
    pixels = new PixelDecoder(resize, crop, views);
    thread = new TimedThread("image-decoder");
  }

  /**
   * Decodes the crops of the centre: scales the shorter side to {@code resize}, takes the central
   * {@code resize x resize} square and cuts the views from it.
   *
   * @return {@code [views][S][S][3]} RGB bytes, freshly allocated
   * @throws UnreadableImageException if the bytes are not a complete image within the limits
   */
  public byte[] decode(byte[] encoded) throws UnreadableImageException {
    ImageFile file = check(encoded);
    return decode(file, pixels.centreBytes(file), decoder -> decoder.centre(file));
  }

  /**
   * As {@link #decode}, with the hash of the whole image.
   *
   * @throws UnreadableImageException if the bytes are not a complete image within the limits
   */
  public HashedCrops decodeAndHash(byte[] encoded) throws UnreadableImageException {
    ImageFile file = check(encoded);
    return decode(file, pixels.centreBytes(file), decoder -> decoder.hashedCentre(file));
  }

  /**
   * Decodes a region that the caller chooses, for training. Only what the region needs is decoded
   * and scaled; its edges are rounded to pixels.
   *
   * @param colors the colour change to apply
   * @throws UnreadableImageException if the bytes are not a complete image within the limits
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
    return decode(
        file, pixels.regionBytes(file, chosen), decoder -> decoder.region(file, chosen, colors));
  }

  /** Reserves memory, then decodes within the timeout. */
  private <T> T decode(ImageFile file, long bytes, Work<T> work) throws UnreadableImageException {
    if (bytes > limits.memory()) {
      throw new UnreadableImageException(
          Stage.LIMIT,
          "decoding the %s's %d x %d pixels takes %d bytes, over image.memory %d"
              .formatted(
                  file.header().format(),
                  file.header().width(),
                  file.header().height(),
                  bytes,
                  limits.memory()));
    }
    Claim claim = DecodeMemory.PROCESS.claim(bytes, limits.memory(), limits.timeout());
    boolean hung = false;
    try {
      PixelDecoder decoder = pixels;
      return thread.run(() -> work.on(decoder), limits.timeout());
    } catch (TimeoutException e) {
      hung = true;
      throw abandon(file, claim);
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } finally {
      if (!hung) {
        claim.close();
      }
    }
  }

  /**
   * Abandons a decode over its timeout: it keeps its thread, its buffers and its claim until it
   * ends.
   */
  private UnreadableImageException abandon(ImageFile file, Claim claim) {
    String reason =
        "decoding the %s's %d x %d pixels took longer than image.decode-timeout %d ms"
            .formatted(
                file.header().format(),
                file.header().width(),
                file.header().height(),
                limits.timeout().toMillis());
    PixelDecoder left = pixels;
    claim.hang();
    HungDecodes.PROCESS.add();
    thread.end(
        () -> {
          left.close();
          claim.close();
          HungDecodes.PROCESS.remove();
          LOG.info("An abandoned decode has ended: {}", reason);
        });
    begin();
    LOG.warn("A decode is abandoned and runs until it ends by itself: {}", reason);
    HungDecodes.PROCESS.requireWithinLimit();
    return new UnreadableImageException(Stage.LIMIT, reason);
  }

  /** Rethrows unchecked what the work threw, or returns it if it is about the image. */
  private static UnreadableImageException failure(Throwable cause) {
    if (cause instanceof UnreadableImageException unreadable) {
      return unreadable;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    throw new IllegalStateException(cause);
  }

  /** Makes all checks that need no decoded pixel. */
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
    thread.end();
    pixels.close();
  }
}
