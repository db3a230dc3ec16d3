package io.tagstream.model.image;

import java.time.Duration;

/**
 * Limits on decoding one image. All but the timeout are checked against the header, before any
 * pixel is allocated.
 *
 * @param maxBytes the largest encoded image, in bytes
 * @param maxPixels the most pixels, width times height, that an image's header may declare
 * @param memory bytes that all decoders of the process together may hold for the images that they
 *     decode
 * @param timeout processor time that decoding one image may take
 */
public record DecodeLimits(int maxBytes, long maxPixels, long memory, Duration timeout) {

  /** 20 MiB, 64 megapixels, 1 GiB (enough for any image within the other limits) and 30 s. */
  public static final DecodeLimits DEFAULT =
      new DecodeLimits(20 << 20, 64_000_000, 1 << 30, Duration.ofSeconds(30));

  /** Limits on size, with the default memory and timeout. */
  public DecodeLimits(int maxBytes, long maxPixels) {
    this(maxBytes, maxPixels, DEFAULT.memory, DEFAULT.timeout);
  }

  public DecodeLimits {
    if (maxBytes < 1 || maxPixels < 1 || memory < 1 || timeout.compareTo(Duration.ZERO) <= 0) {
      throw new IllegalArgumentException(
          "limits must be above 0: %d bytes, %d pixels, %d bytes of memory, %s"
              .formatted(maxBytes, maxPixels, memory, timeout));
    }
  }
}
