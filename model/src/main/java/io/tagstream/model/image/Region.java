package io.tagstream.model.image;

/**
 * A rectangle of an upright image and the size that it is scaled to.
 *
 * @param left in pixels from the image's left edge
 * @param top in pixels from its upper edge
 * @param width in pixels, within the image
 * @param height in pixels, within the image
 * @param toWidth columns of the result
 * @param toHeight rows of the result
 */
public record Region(
    double left, double top, double width, double height, int toWidth, int toHeight) {

  public Region {
    if (left < 0 || top < 0 || !(width > 0) || !(height > 0) || toWidth < 1 || toHeight < 1) {
      throw new IllegalArgumentException(
          "%s x %s from %s, %s to %d x %d".formatted(width, height, left, top, toWidth, toHeight));
    }
  }

  /** Chooses a region when the image's size is known. */
  public interface Choice {

    /**
     * Chooses the region of one image.
     *
     * @param width columns of the upright image
     * @param height rows of the upright image
     */
    Region choose(int width, int height);
  }
}
