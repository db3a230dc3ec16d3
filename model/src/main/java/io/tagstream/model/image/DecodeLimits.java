package io.tagstream.model.image;

/**
 * What is refused before a pixel is allocated.
 *
 * @param maxBytes the largest encoded image, in bytes
 * @param maxPixels the most pixels, width times height, that an image's header may declare
 */
public record DecodeLimits(int maxBytes, long maxPixels) {

  /** 20 MiB and 64 megapixels. */
  public static final DecodeLimits DEFAULT = new DecodeLimits(20 << 20, 64_000_000);

  public DecodeLimits {
    if (maxBytes < 1 || maxPixels < 1) {
      throw new IllegalArgumentException(
          "limits must be above 0: %d bytes, %d pixels".formatted(maxBytes, maxPixels));
    }
  }
}
