package io.tagstream.model.image;

import io.tagstream.model.image.UnreadableImageException.Stage;

/** An encoded image that is decoded in Java, row by row. */
sealed interface RowFile extends ImageFile permits BmpFile, GifFile, TiffFile {
  /** The limit of OpenCV's codecs. It bounds the memory of a row. */
  int MAX_WIDTH = 1 << 20;

  /** Receives rows, or parts of rows, as they are decoded. */
  interface RowSink {

    /**
     * Receives adjacent pixels of a row; the last value of a pixel counts.
     *
     * @param x the column of the first pixel, as stored
     * @param y the row, as stored
     * @param rgb three bytes per pixel; the callee copies it
     * @param pixels the number of pixels
     */
    void row(int x, int y, byte[] rgb, int pixels);
  }

  /**
   * Decodes the image. Transparency is blended over white; pixels that {@code sink} never receives
   * are white.
   *
   * @throws UnreadableImageException if the file holds less than it declares
   */
  void decode(RowSink sink) throws UnreadableImageException;

  /** A row. */
  @Override
  default long workingBytes() throws UnreadableImageException {
    return 0;
  }

  /** Rejects images whose rows are longer than {@link #MAX_WIDTH}. */
  static void checkWidth(ImageHeader header) throws UnreadableImageException {
    if (header.width() > MAX_WIDTH) {
      throw new UnreadableImageException(
          Stage.LIMIT,
          "the %s's header declares rows of %d pixels, over %d"
              .formatted(header.format(), header.width(), MAX_WIDTH));
    }
  }
}
