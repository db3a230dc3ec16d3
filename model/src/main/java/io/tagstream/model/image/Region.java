package io.tagstream.model.image;

/**
 * A rectangle of an upright picture, and the size it is scaled to.
 *
 * @param left in pixels from the picture's left edge
 * @param top in pixels from its upper edge
 * @param width in pixels, within the picture
 * @param height in pixels, within the picture
 * @param toWidth columns wanted
 * @param toHeight rows wanted
 */
public record Region(
    double left, double top, double width, double height, int toWidth, int toHeight) {

  public Region {
    if (left < 0 || top < 0 || !(width > 0) || !(height > 0) || toWidth < 1 || toHeight < 1) {
      throw new IllegalArgumentException(
          "%s x %s from %s, %s to %d x %d".formatted(width, height, left, top, toWidth, toHeight));
    }
  }

  /** Chooses once a picture's size is known. */
  public interface Choice {

    /**
     * A region of a picture.
     *
     * @param width columns of the upright picture
     * @param height rows of the upright picture
     */
    Region choose(int width, int height);
  }
}
