package io.tagstream.model.image;

import io.tagstream.model.image.UnreadableImageException.Stage;

/** An encoded image that is decoded here, in Java, row by row. */
sealed interface RowFile extends ImageFile permits BmpFile, GifFile, TiffFile {
  /**
   * As OpenCV's codecs have it. A row is held in memory, so it is no way around image.max-pixels.
   */
  int MAX_WIDTH = 1 << 20;

  /** Takes rows, or parts of rows, as they are decoded. */
  interface RowSink {

    /**
     * Takes pixels that lie side by side; a pixel that comes again counts.
     *
     * @param x the picture's column of the first pixel, as stored
     * @param y the picture's row, as stored
     * @param rgb three bytes a pixel; the callee copies it
     * @param pixels how many there are
     */
    void row(int x, int y, byte[] rgb, int pixels);
  }

  /**
   * Decodes the picture; what is transparent comes out over white, and pixels that are not given to
   * {@code sink} are white.
   *
   * @throws UnreadableImageException where the file holds less than it declares
   */
  void decode(RowSink sink) throws UnreadableImageException;

  /** Nothing but the picture and a row. */
  @Override
  default long workingBytes() throws UnreadableImageException {
    return 0;
  }

  /** Refuses rows that would be held in memory one by one and are too long for it. */
  static void checkWidth(ImageHeader header) throws UnreadableImageException {
    if (header.width() > MAX_WIDTH) {
      throw new UnreadableImageException(
          Stage.LIMIT,
          "the %s's header declares rows of %d pixels, over %d"
              .formatted(header.format(), header.width(), MAX_WIDTH));
    }
  }
}
