package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

import io.tagstream.model.image.TiffFormat.Compression;
import io.tagstream.model.image.UnreadableImageException.Stage;

/**
 * The layout of a TIFF's strips or tiles ("pieces") in the image and in the file.
 *
 * @param width columns of a piece; the image's width if pieces are strips
 * @param height rows of a piece; the last strip may have fewer
 * @param across pieces per row of pieces
 * @param down rows of pieces
 * @param planes the number of planes: one per sample, or 1
 */
record TiffPieces(
    EncodedBytes bytes,
    TiffDirectory directory,
    TiffFormat format,
    int width,
    int height,
    int across,
    int down,
    int planes) {

  /** The pixels that a tile may always have, however small the image is. */
  private static final long LARGEST_TILE = 1 << 22;

  private static final int MOST_JPEGS = 10_000;
  private static final int MOST_ROW_BYTES = 32 << 20;

  static TiffPieces of(
      EncodedBytes bytes, TiffDirectory directory, TiffFormat format, ImageHeader header)
      throws UnreadableImageException {
    int planes = format.separate() ? format.samples() : 1;
    boolean tiled = directory.has(TiffDirectory.TILE_WIDTH);
    boolean stream = isStream(directory, format);
    long width = header.width();
    long height = header.height();
    if (tiled) {
      width = directory.value(TiffDirectory.TILE_WIDTH, 0);
      height = directory.value(TiffDirectory.TILE_HEIGHT, 0);
    } else if (!stream) {
      long rows = directory.value(TiffDirectory.ROWS_PER_STRIP, height);
      height = rows < 1 ? height : Math.min(rows, height);
    }
    if (width < 1 || height < 1) {
      throw ImageFile.broken(TIFF, "tiles of %d x %d".formatted(width, height));
    }
    long across = divideUp(header.width(), width);
    long down = divideUp(header.height(), height);
    if (tiled
        && (width > Integer.MAX_VALUE
            || height > Integer.MAX_VALUE
            || across * width > Math.max(LARGEST_TILE, 4 * header.pixels()) / (down * height))) {
      throw new UnreadableImageException(
          Stage.LIMIT,
          "the TIFF's tiles of %d x %d are far larger than its image".formatted(width, height));
    }
    if (format.compression().isJpeg() && width * height > Math.max(LARGEST_TILE, header.pixels())) {
      throw new UnreadableImageException(
          Stage.LIMIT,
          "the TIFF's JPEGs of %d x %d are larger than its image".formatted(width, height));
    }
    TiffPieces pieces =
        new TiffPieces(
            bytes, directory, format, (int) width, (int) height, (int) across, (int) down, planes);
    if (pieces.longRowBytes() > MOST_ROW_BYTES) {
      throw new UnreadableImageException(
          Stage.LIMIT,
          "the TIFF's rows of %d bytes are over %d"
              .formatted(pieces.longRowBytes(), MOST_ROW_BYTES));
    }
    return pieces;
  }

  /** Whether an old-style JPEG is one complete stream, regardless of the strips. */
  private static boolean isStream(TiffDirectory directory, TiffFormat format)
      throws UnreadableImageException {
    return format.compression() == Compression.OLD_JPEG
        && directory.value(TiffDirectory.JPEG_OFFSET, 0) > 0;
  }

  private boolean tiled() {
    return directory.has(TiffDirectory.TILE_WIDTH);
  }

  /** The tag of the offsets; some writers use the strips' tag for tiles. */
  private int offsets() {
    return directory.has(TiffDirectory.TILE_OFFSETS)
        ? TiffDirectory.TILE_OFFSETS
        : TiffDirectory.STRIP_OFFSETS;
  }

  private int counts() {
    return directory.has(TiffDirectory.TILE_BYTE_COUNTS)
        ? TiffDirectory.TILE_BYTE_COUNTS
        : TiffDirectory.STRIP_BYTE_COUNTS;
  }

  /** Checks that all pieces are present. */
  void checkWhole() throws UnreadableImageException {
    if (isStream(directory, format)) {
      bytes.require(from(0), 2);
      return;
    }
    long needed = (long) across * down * planes;
    boolean counted = directory.has(counts());
    int there = directory.count(offsets());
    if (there < needed || (counted && directory.count(counts()) < needed)) {
      throw ImageFile.broken(
          TIFF,
          "%d strips or tiles, %d needed"
              .formatted(counted ? Math.min(there, directory.count(counts())) : there, needed));
    }
    long total = 0;
    for (int piece = 0; piece < needed; piece++) {
      long length = length(piece);
      if (length == 0) {
        throw ImageFile.broken(TIFF, "strip or tile %d is empty".formatted(piece));
      }
      bytes.require(from(piece), length);
      total += length;
    }
    if (format.compression().isJpeg()) {
      checkJpegs(needed, total);
    }
  }

  /** Limits the JPEGs: each is decoded as a whole, however little of it is used. */
  private void checkJpegs(long pieces, long total) throws UnreadableImageException {
    if (pieces > MOST_JPEGS) {
      throw new UnreadableImageException(
          Stage.LIMIT, "the TIFF holds %d JPEGs, over %d".formatted(pieces, MOST_JPEGS));
    }
    if (total > 2L * bytes.length()) {
      throw new UnreadableImageException(
          Stage.LIMIT,
          "the TIFF's JPEGs of %d bytes overlap in a file of %d".formatted(total, bytes.length()));
    }
  }

  /** The number of a piece, by its position in the image. */
  int number(int plane, int column, int row) {
    return (plane * down + row) * across + column;
  }

  /** The position of a piece in the file. */
  long from(int number) throws UnreadableImageException {
    return isStream(directory, format)
        ? directory.valueAt(TiffDirectory.JPEG_OFFSET, 0)
        : directory.valueAt(offsets(), number);
  }

  /** The length of a piece in the file, in bytes. */
  long length(int number) throws UnreadableImageException {
    if (isStream(directory, format)) {
      return bytes.length() - from(number);
    }
    boolean counted = directory.has(counts());
    if (counted && directory.valueAt(counts(), number) == 0) {
      return 0;
    }
    if (format.compression() == Compression.NONE && !chroma()) {
      // The declared length is sometimes wrong; compute it from the layout.
      return (long) rowBytes() * rows(number / across % down);
    }
    return counted ? directory.valueAt(counts(), number) : bytes.length() - from(number);
  }

  /**
   * The rows of a piece that the file holds: all rows of a tile, the image's remaining rows of the
   * last strip.
   */
  private int rows(int row) {
    return tiled() ? height : Math.min(height, heightOfPicture() - row * height);
  }

  private int heightOfPicture() {
    try {
      return (int) directory.value(TiffDirectory.HEIGHT, 0);
    } catch (UnreadableImageException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean chroma() {
    return format.color() == TiffFormat.Color.YCBCR && !format.separate();
  }

  /** The size of a piece's expanded row, in bytes. */
  int rowBytes() {
    return (int) longRowBytes();
  }

  private long longRowBytes() {
    return ((long) width * format.together() * format.bits() + 7) / 8;
  }

  private static long divideUp(long number, long by) {
    return (number + by - 1) / by;
  }
}
