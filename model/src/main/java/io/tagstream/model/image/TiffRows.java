package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

/** Expands strips or tiles, one after another, row by row. */
interface TiffRows extends AutoCloseable {

  /**
   * Begins a strip or tile.
   *
   * @param from its first byte in the file
   * @param length its bytes in the file
   * @param size its bytes once they are expanded; it may hold more
   */
  void start(int from, int length, long size) throws UnreadableImageException;

  /**
   * Fills the next row.
   *
   * @throws UnreadableImageException where the data are damaged or end before the row does
   */
  void next(byte[] row) throws UnreadableImageException;

  /**
   * Checks a strip's or tile's checksum, where it has one, after its last row.
   *
   * @throws UnreadableImageException where it is wrong
   */
  default void end() throws UnreadableImageException {}

  @Override
  default void close() {}

  /** Data that end before their last row. */
  static UnreadableImageException endsEarly(String what) {
    return ImageFile.broken(TIFF, what + " that ends before its last row");
  }
}
