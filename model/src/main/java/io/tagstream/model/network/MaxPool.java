package io.tagstream.model.network;

/**
 * Max pooling over square windows; overlapping when the size exceeds the stride (the paper's
 * section 3.4).
 *
 * @param size the window's side in pixels
 * @param stride pixels between windows
 * @param endPadding rows and columns of nothing after the last one; 1 in pool5 of BVLC's 224 form,
 *     else 0
 */
public record MaxPool(int size, int stride, int endPadding) {
  /** The paper's: windows of 3 every 2 pixels. */
  public static final MaxPool PAPER = new MaxPool(3, 2, 0);

  public MaxPool {
    if (size < 1 || stride < 1 || endPadding < 0 || endPadding >= size) {
      throw new IllegalArgumentException(
          "pool needs size, stride >= 1 and 0 <= end padding < size: %d, %d, %d"
              .formatted(size, stride, endPadding));
    }
  }

  /**
   * The side of the square maps that leave it; only whole windows count.
   *
   * @param inputSide the side of those that come in, in pixels
   */
  public int outputSide(int inputSide) {
    if (inputSide + endPadding < size) {
      throw new IllegalArgumentException(
          "a pooling window of %d does not fit into maps of %d".formatted(size, inputSide));
    }
    return (inputSide + endPadding - size) / stride + 1;
  }
}
