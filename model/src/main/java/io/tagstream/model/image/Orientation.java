package io.tagstream.model.image;

/**
 * How a stored image is turned upright, in EXIF's order 1 to 8: transpose first, then mirror.
 *
 * @see #of(int)
 */
enum Orientation {
  UPRIGHT(false, false, false),
  MIRRORED(false, true, false),
  UPSIDE_DOWN(false, true, true),
  MIRRORED_UPSIDE_DOWN(false, false, true),
  TRANSPOSED(true, false, false),
  LYING_LEFT(true, true, false),
  TRANSVERSED(true, true, true),
  LYING_RIGHT(true, false, true);

  private final boolean transpose;
  private final boolean flipX;
  private final boolean flipY;

  Orientation(boolean transpose, boolean flipX, boolean flipY) {
    this.transpose = transpose;
    this.flipX = flipX;
    this.flipY = flipY;
  }

  /** The orientation of an EXIF number; anything but 1 to 8 is upright, as in other readers. */
  static Orientation of(long exif) {
    return exif >= 1 && exif <= 8 ? values()[(int) exif - 1] : UPRIGHT;
  }

  boolean transpose() {
    return transpose;
  }

  /** Whether left and right are swapped after transposing. */
  boolean flipX() {
    return flipX;
  }

  /** Whether top and bottom are swapped after transposing. */
  boolean flipY() {
    return flipY;
  }

  /** Whether the stored image's columns run against the upright image's axis. */
  boolean storedXReversed() {
    return transpose ? flipY : flipX;
  }

  /** Whether the stored image's rows run against the upright image's axis. */
  boolean storedYReversed() {
    return transpose ? flipX : flipY;
  }
}
