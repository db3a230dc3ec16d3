package io.tagstream.model.image;

import java.util.Arrays;

/**
 * The crops of the central {@code resize x resize} patch that a network computes for an image.
 * Their softmax outputs are averaged. A flip swaps left and right.
 */
public enum Views {
  /** The centre. */
  CENTER(1),
  /** The centre, then its flip. */
  CENTER_AND_FLIP(2),
  /**
   * Section 4.1 of the paper: top left, top right, bottom left, bottom right, centre, then the
   * flips of these in the same order.
   */
  TEN(10);

  private final int count;

  Views(int count) {
    this.count = count;
  }

  /** Crops per image. */
  public int count() {
    return count;
  }

  /**
   * The views with {@code count} crops.
   *
   * @throws IllegalArgumentException unless count is 1, 2 or 10
   */
  public static Views of(int count) {
    return Arrays.stream(values())
        .filter(views -> views.count == count)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("views are 1, 2 or 10, not " + count));
  }

  /**
   * Cuts the crops out of a patch.
   *
   * @param patch a square image, at least {@code side} wide
   * @param side S, the crops' side
   * @return {@code [views][S][S][3]}, freshly allocated
   */
  byte[] cut(RgbImage patch, int side) {
    int far = patch.width() - side;
    int middle = far / 2;
    byte[] crops = new byte[count * side * side * 3];
    int[][] corners =
        this == TEN
            ? new int[][] {{0, 0}, {far, 0}, {0, far}, {far, far}, {middle, middle}}
            : new int[][] {{middle, middle}};
    for (int view = 0; view < count; view++) {
      int[] corner = corners[view % corners.length];
      boolean flip = view >= corners.length;
      patch.crop(corner[0], corner[1], side, flip, crops, view * side * side * 3);
    }
    return crops;
  }
}
