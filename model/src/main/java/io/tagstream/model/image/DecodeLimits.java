package io.tagstream.model.image;

import java.time.Duration;

/**
 * What a picture may cost. All but the time is held against the header, before a pixel is
 * allocated.
 *
 * @param maxBytes the largest encoded image, in bytes
 * @param maxPixels the most pixels, width times height, that an image's header may declare
 * @param memory bytes that all decoders of the process may hold together for the images being
 *     decoded
 * @param timeout processor time that decoding one image may take
 */
public record DecodeLimits(int maxBytes, long maxPixels, long memory, Duration timeout) {

  /** 20 MiB, 64 megapixels, 1 GiB, which is enough for any of them, and 30 s. */
  public static final DecodeLimits DEFAULT =
      new DecodeLimits(20 << 20, 64_000_000, 1 << 30, Duration.ofSeconds(30));

  /** Limits of size; the others as by default. */
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
