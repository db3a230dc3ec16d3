package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.BMP;

import io.tagstream.model.image.RowFile.RowSink;
import java.util.function.IntUnaryOperator;

/**
 * Decodes a BMP's run lengths of 4, 8 or 24 bits per pixel. Pixels that they skip have the
 * palette's first colour; pixels past a row's end are ignored.
 */
final class BmpRunLengths {
  private static final int ESCAPE = 0;
  private static final int END_OF_PICTURE = 1;
  private static final int MOVE = 2;

  /** Bytes after the last row that are ignored: writers pad to a multiple of four. */
  private static final int PADDING = 3;

  private final EncodedBytes bytes;
  private final int bits;
  private final BmpColors colors;
  private int at;

  /**
   * @param at the first byte of the run lengths
   */
  BmpRunLengths(EncodedBytes bytes, int at, int bits, BmpColors colors) {
    this.bytes = bytes;
    this.at = at;
    this.bits = bits;
    this.colors = colors;
  }

  /**
   * Decodes all rows.
   *
   * @param storedRow maps a row's number in the file to its row in the image
   * @throws UnreadableImageException if the data end before the last row or continue after it
   */
  void decode(int width, int height, IntUnaryOperator storedRow, RowSink sink)
      throws UnreadableImageException {
    byte[] empty = new byte[3 * width];
    for (int x = 0; x < width; x++) {
      colors.put(0, empty, 3 * x);
    }
    byte[] row = empty.clone();
    int x = 0;
    int y = 0;
    boolean ended = false;
    while (!ended && y < height) {
      int count = bytes.unsignedByte(at++);
      int code = bytes.unsignedByte(at++);
      if (count != ESCAPE) {
        at--;
        x = run(row, x, width, count);
      } else if (code > MOVE) {
        x = literal(row, x, width, code);
      } else {
        int down = 1;
        int right = -x;
        if (code == END_OF_PICTURE) {
          ended = true;
          down = height - y;
        } else if (code == MOVE) {
          right = bytes.unsignedByte(at++);
          down = bytes.unsignedByte(at++);
        }
        for (int i = 0; i < down && y < height; i++) {
          sink.row(0, storedRow.applyAsInt(y++), row, width);
          System.arraycopy(empty, 0, row, 0, row.length);
        }
        x = Math.min(x + right, width);
      }
    }
    if (!ended) {
      checkEnd();
    }
  }

  /** Accepts only the end mark, or nothing, after the last row. */
  private void checkEnd() throws UnreadableImageException {
    if (bytes.length() - at > PADDING
        && (bytes.unsignedByte(at) != ESCAPE || bytes.unsignedByte(at + 1) != END_OF_PICTURE)) {
      throw ImageFile.broken(BMP, "run lengths continue after the last row");
    }
  }

  /** Writes {@code count} pixels of one colour, or at 4 bits of two alternating colours. */
  private int run(byte[] row, int from, int width, int count) throws UnreadableImageException {
    int even = pixel(at, 0);
    int odd = bits == 4 ? pixel(at, 1) : even;
    at += bits == 24 ? 3 : 1;
    int x = from;
    for (int i = 0; i < count && x < width; i++) {
      colors.put((i & 1) == 0 ? even : odd, row, 3 * x++);
    }
    return x;
  }

  /** Copies {@code count} literal pixels, which are padded to two bytes. */
  private int literal(byte[] row, int from, int width, int count) throws UnreadableImageException {
    int length = (count * bits + 7) / 8;
    bytes.require(at, length);
    int x = from;
    for (int i = 0; i < count && x < width; i++) {
      colors.put(pixel(at, i), row, 3 * x++);
    }
    at += length + (length & 1);
    return x;
  }

  /** The value of pixel {@code index}, counted from byte {@code from}. */
  private int pixel(int from, int index) throws UnreadableImageException {
    return switch (bits) {
      case 4 -> (bytes.unsignedByte(from + index / 2) >> (index % 2 == 0 ? 4 : 0)) & 0xf;
      case 8 -> bytes.unsignedByte(from + index);
      default ->
          bytes.unsignedByte(from + 3 * index + 2) << 16
              | bytes.unsignedByte(from + 3 * index + 1) << 8
              | bytes.unsignedByte(from + 3 * index);
    };
  }
}
