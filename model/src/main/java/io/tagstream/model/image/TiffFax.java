package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

import io.tagstream.model.image.TiffFormat.Compression;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Bilevel strips or tiles in fax compression: ITU-T Recommendations T.4 (group 3, one- and
 * two-dimensional) and T.6 (group 4). A black pixel is a one.
 */
final class TiffFax implements TiffRows {
  private static final VarHandle BIG_INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private static final int TWO_DIMENSIONAL = 1;

  // Modes other than the vertical ones, whose value is the distance to the right from the change
  // above.
  private static final int PASS = 100;
  private static final int HORIZONTAL = 101;

  /** The number of changes that are read past a row's last one. */
  private static final int AFTER_LAST = 3;

  /** The zeros before the one bit of an end-of-line code. */
  private static final int LINE_END_ZEROS = 11;

  private final byte[] file;
  private final Compression compression;
  private final boolean twoDimensional;
  private final int width;

  /**
   * The columns where the colour changes, white to black first, in the row above and in the current
   * row. The width follows the last change, repeated {@link #AFTER_LAST} times.
   */
  private int[] above;

  private int[] changes;
  private int changeCount;

  /** The read position, in bits from the start of the file. */
  private long at;

  private long from;
  private long end;

  TiffFax(byte[] file, Compression compression, long t4Options, int width) {
    this.file = file;
    this.compression = compression;
    this.width = width;
    twoDimensional = compression == Compression.FAX_3 && (t4Options & TWO_DIMENSIONAL) != 0;
    above = new int[width + 1 + AFTER_LAST];
    changes = new int[width + 1 + AFTER_LAST];
  }

  @Override
  public void start(int from, int length, long size) {
    this.from = 8L * from;
    at = this.from;
    end = at + 8L * length;
    changeCount = 0;
    endChanges();
  }

  @Override
  public void next(byte[] row) throws UnreadableImageException {
    int[] free = above;
    above = changes;
    changes = free;
    changeCount = 0;
    boolean differences = compression == Compression.FAX_4;
    if (compression == Compression.FAX_3) {
      boolean lineEnd = skipLineEnd();
      differences = lineEnd && twoDimensional && take(1) == 0;
    }
    if (at >= end) {
      throw TiffRows.endsEarly("fax data");
    }
    if (differences) {
      readDifferences();
    } else {
      readRuns();
    }
    if (at > end) {
      throw TiffRows.endsEarly("fax data");
    }
    if (compression == Compression.FAX_RUNS) {
      align(8);
    } else if (compression == Compression.FAX_RUNS_IN_WORDS) {
      align(16);
    }
    endChanges();
    paint(row);
  }

  private void endChanges() {
    Arrays.fill(changes, changeCount, changeCount + AFTER_LAST, width);
  }

  /** Skips an end-of-line code, if one follows, with the fill bits before it. */
  private boolean skipLineEnd() {
    if (peek(LINE_END_ZEROS) != 0) {
      return false;
    }
    at += LINE_END_ZEROS;
    while (at < end && take(1) == 0) {
      // Skip fill bits.
    }
    return true;
  }

  private void align(int bits) {
    at = from + (at - from + bits - 1) / bits * bits;
  }

  private void readRuns() throws UnreadableImageException {
    int column = 0;
    boolean black = false;
    while (column < width) {
      column += run(black);
      change(column);
      black = !black;
    }
  }

  private void readDifferences() throws UnreadableImageException {
    int column = 0;
    boolean black = false;
    // Find the next change above, to the right of the current column, to the opposite colour.
    int index = 0;
    boolean begun = false;
    while (column < width) {
      index = black ? index | 1 : index & ~1;
      // One pair back is enough: columns only increase within a row.
      index = Math.max(black ? 1 : 0, index - 2);
      while (above[index] < width && (begun ? above[index] <= column : above[index] < column)) {
        index += 2;
      }
      int code = mode();
      if (code == PASS) {
        column = above[index + 1];
        begun = true;
        continue;
      }
      if (code == HORIZONTAL) {
        column += run(black);
        change(column);
        column += run(!black);
        change(column);
        begun = true;
        continue;
      }
      int to = above[index] + code;
      if (to < column) {
        throw damaged();
      }
      column = to;
      change(column);
      black = !black;
      begun = true;
    }
  }

  private int mode() throws UnreadableImageException {
    int next = peek(7);
    int bits;
    int mode;
    if (next >> 6 == 0b1) {
      bits = 1;
      mode = 0;
    } else if (next >> 4 == 0b011) {
      bits = 3;
      mode = 1;
    } else if (next >> 4 == 0b010) {
      bits = 3;
      mode = -1;
    } else if (next >> 4 == 0b001) {
      bits = 3;
      mode = HORIZONTAL;
    } else if (next >> 3 == 0b0001) {
      bits = 4;
      mode = PASS;
    } else if (next >> 1 == 0b000011) {
      bits = 6;
      mode = 2;
    } else if (next >> 1 == 0b000010) {
      bits = 6;
      mode = -2;
    } else if (next == 0b0000011) {
      bits = 7;
      mode = 3;
    } else if (next == 0b0000010) {
      bits = 7;
      mode = -3;
    } else if (next == 0b0000001) {
      throw ImageFile.unsupported(TIFF, "extensions of fax codes");
    } else if (at + LINE_END_ZEROS >= end || peek(LINE_END_ZEROS + 1) == 1) {
      throw TiffRows.endsEarly("fax data");
    } else {
      throw damaged();
    }
    at += bits;
    return mode;
  }

  /** Reads a run length: make-up codes and the terminating code. */
  private int run(boolean black) throws UnreadableImageException {
    FaxCodes codes = FaxCodes.of(black);
    int run = 0;
    int part;
    do {
      int next = peek(FaxCodes.MOST_BITS);
      part = codes.run(next);
      if (part < 0) {
        throw at + LINE_END_ZEROS >= end || next >> 1 == 1
            ? TiffRows.endsEarly("fax data")
            : damaged();
      }
      at += codes.bits(next);
      run += part;
    } while (part >= FaxCodes.SHORTEST_PART && run <= width);
    return run;
  }

  private void change(int column) throws UnreadableImageException {
    if (column > width || changeCount > width) {
      throw damaged();
    }
    changes[changeCount++] = column;
  }

  private static UnreadableImageException damaged() {
    return ImageFile.broken(TIFF, "damaged fax data");
  }

  /** The next bits without consuming them, at most 25; zeros after the end. */
  private int peek(int count) {
    int first = (int) (at >> 3);
    int bits = 0;
    if (8L * first + 32 <= end) {
      bits = (int) BIG_INT.get(file, first);
    } else {
      for (int i = first; i < first + 4; i++) {
        bits = (bits << 8) | (8L * i < end ? file[i] & 0xff : 0);
      }
    }
    return bits << (at & 7) >>> (32 - count);
  }

  private int take(int count) {
    int bits = peek(count);
    at += count;
    return bits;
  }

  private void paint(byte[] row) {
    Arrays.fill(row, (byte) 0);
    for (int i = 0; changes[i] < width; i += 2) {
      int from = changes[i];
      int to = changes[i + 1];
      int first = from >> 3;
      int last = to >> 3;
      int begin = 0xff >> (from & 7);
      int end = ~(0xff >> (to & 7));
      if (first == last) {
        row[first] |= (byte) (begin & end);
        continue;
      }
      row[first] |= (byte) begin;
      Arrays.fill(row, first + 1, last, (byte) 0xff);
      if (last < row.length) {
        row[last] |= (byte) end;
      }
    }
  }
}
