package io.tagstream.model.image;

import io.tagstream.model.image.DecodeMemory.Claim;
import io.tagstream.model.image.UnreadableImageException.Stage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encoded image in, the pixels that a network expects out: JPEG (grey, YCbCr, RGB, CMYK in Adobe's
 * inverted convention, baseline and progressive), PNG, GIF (first frame), WebP (first frame), BMP
 * and TIFF (first picture). Pictures are turned upright as their EXIF asks, sixteen bits become
 * eight, transparency is laid over white, embedded colour profiles are ignored.
 *
 * <p>An image passes in this order: its size in bytes, its header against the limits, a walk over
 * the whole file, its turn for memory, and only then a codec, on a thread of this decoder.
 *
 * <p>A decode that is over its time cannot be stopped, for most of it is native code. Its image is
 * refused, and its thread and memory are left to it until it ends; meanwhile they count as {@link
 * HungDecodes}, and too many of these are an error of the process.
 *
 * <p>For one thread at a time: it holds native memory, which {@link #close()} frees.
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
   * The crops of the centre: shorter side to {@code resize}, the central {@code resize x resize},
   * the views of it.
   *
   * @return {@code [views][S][S][3]} RGB bytes, freshly allocated
   * @throws UnreadableImageException for anything that is no whole picture within the limits
   */
  public byte[] decode(byte[] encoded) throws UnreadableImageException {
    ImageFile file = check(encoded);
    return decode(file, pixels.centreBytes(file), decoder -> decoder.centre(file));
  }

  /**
   * As {@link #decode}, and the whole picture's hash.
   *
   * @throws UnreadableImageException for anything that is no whole picture within the limits
   */
  public HashedCrops decodeAndHash(byte[] encoded) throws UnreadableImageException {
    ImageFile file = check(encoded);
    return decode(file, pixels.centreBytes(file), decoder -> decoder.hashedCentre(file));
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
    return decode(
        file, pixels.regionBytes(file, chosen), decoder -> decoder.region(file, chosen, colors));
  }

  /** Decodes when there is memory for it, as long as it may take. */
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
      throw giveUp(file, claim);
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } finally {
      if (!hung) {
        claim.close();
      }
    }
  }

  /** Leaves thread, memory and claim to a decode that goes on. */
  private UnreadableImageException giveUp(ImageFile file, Claim claim) {
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
          LOG.info("A decode that was given up has ended: {}", reason);
        });
    begin();
    LOG.warn("A decode is given up and goes on until it ends: {}", reason);
    HungDecodes.PROCESS.requireFew();
    return new UnreadableImageException(Stage.LIMIT, reason);
  }

  /** What the work threw, for this thread to throw. */
  private static UnreadableImageException failure(Throwable cause) {
    if (cause instanceof UnreadableImageException unreadable) {
      return unreadable;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    throw new IllegalStateException(cause);
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
    thread.end();
    pixels.close();
  }
}
