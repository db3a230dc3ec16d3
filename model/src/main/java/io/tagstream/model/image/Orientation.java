package io.tagstream.model.image;

/**
 * How a stored picture becomes upright, in EXIF's order 1 to 8: transpose first, then mirror.
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

  /** EXIF's number; anything but 1 to 8 is upright, as other readers have it. */
  static Orientation of(long exif) {
    return exif >= 1 && exif <= 8 ? values()[(int) exif - 1] : UPRIGHT;
  }

  boolean transpose() {
    return transpose;
  }

  /** Whether columns are swapped after transposing. */
  boolean flipX() {
    return flipX;
  }

  /** Whether rows are swapped after transposing. */
  boolean flipY() {
    return flipY;
  }

  /** Whether the stored picture's columns run against the upright picture's axis. */
  boolean storedXReversed() {
    return transpose ? flipY : flipX;
  }

  /** Whether the stored picture's rows run against the upright picture's axis. */
  boolean storedYReversed() {
    return transpose ? flipX : flipY;
  }
}
