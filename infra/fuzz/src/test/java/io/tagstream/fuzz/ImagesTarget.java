package io.tagstream.fuzz;

import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;

/** Encoded images: their headers, the checks of the file's structure, and the codecs. */
public final class ImagesTarget {
  private static final int CROP = 32;
  private static final ImageDecoder DECODER =
      new ImageDecoder(CROP, CROP, Views.CENTER, new DecodeLimits(1 << 20, 1 << 20));

  private ImagesTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    byte[] pixels;
    try {
      pixels = DECODER.decode(input);
    } catch (UnreadableImageException e) {
      if (e.getMessage().isBlank() || e.getMessage().contains("\n")) {
        throw new AssertionError("a reason is one line", e);
      }
      return;
    }
    if (pixels.length != 3 * CROP * CROP) {
      throw new AssertionError(pixels.length + " bytes");
    }
  }
}
