package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

/** Decompresses strips or tiles, one after another, row by row. */
interface TiffRows extends AutoCloseable {

  /**
   * Begins a strip or tile.
   *
   * @param from its first byte in the file
   * @param length its bytes in the file
   * @param size its expanded size in bytes; the data may hold more
   */
  void start(int from, int length, long size) throws UnreadableImageException;

  /**
   * Fills the next row.
   *
   * @throws UnreadableImageException if the data are damaged or end before the row does
   */
  void next(byte[] row) throws UnreadableImageException;

  /**
   * Verifies a strip's or tile's checksum, if it has one, after its last row.
   *
   * @throws UnreadableImageException if the checksum is wrong
   */
  default void end() throws UnreadableImageException {}

  @Override
  default void close() {}

  /** The exception for data that end before their last row. */
  static UnreadableImageException endsEarly(String what) {
    return ImageFile.broken(TIFF, what + " that ends before its last row");
  }
}
