package io.tagstream.model.network;

/**
 * Max pooling over square windows, which overlap if the size exceeds the stride (the paper's
 * section 3.4).
 *
 * @param size the window's side in pixels
 * @param stride pixels between windows
 * @param endPadding rows and columns after the last one that never hold the maximum; 1 in pool5 of
 *     BVLC's 224 form, otherwise 0
 */
public record MaxPool(int size, int stride, int endPadding) {
  /** The paper's pooling: windows of 3 every 2 pixels. */
  public static final MaxPool PAPER = new MaxPool(3, 2, 0);

  public MaxPool {
    if (size < 1 || stride < 1 || endPadding < 0 || endPadding >= size) {
      throw new IllegalArgumentException(
          "pool needs size, stride >= 1 and 0 <= end padding < size: %d, %d, %d"
              .formatted(size, stride, endPadding));
    }
  }

  /**
   * The side of the square output maps, in pixels; only whole windows count.
   *
   * @param inputSide the side of the input maps, in pixels
   */
  public int outputSide(int inputSide) {
    if (inputSide + endPadding < size) {
      throw new IllegalArgumentException(
          "a pooling window of %d does not fit into maps of %d".formatted(size, inputSide));
    }
    return (inputSide + endPadding - size) / stride + 1;
  }
}
