package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

/**
 * Strips or tiles in LZW: codes of 9 to 12 bits, highest bit first; the code length grows one code
 * earlier than in GIF. Before TIFF 6.0 the lowest bit came first and the length grew as in GIF;
 * such data are recognised by their first code.
 */
final class TiffLzw implements TiffRows {
  private static final int CLEAR = 256;
  private static final int END = 257;
  private static final int FEWEST_BITS = 9;
  private static final int MOST_BITS = 12;
  private static final int CODES = 1 << MOST_BITS;

  /** Codes that may follow after the table is full; some encoders clear it late. */
  private static final int LATE = 1024;

  private static final int CHUNK = 1 << 15;

  private final byte[] file;

  // The string of each code: a shorter code's string and a last byte.
  private final short[] prefix = new short[CODES];
  private final byte[] last = new byte[CODES];
  private final byte[] first = new byte[CODES];
  private final short[] lengths = new short[CODES];

  /** Expanded bytes; the last code's string may extend beyond a chunk's end. */
  private final byte[] expanded = new byte[CHUNK + CODES];

  private int taken;
  private int filled;

  /** The number of bytes still to expand. */
  private long wanted;

  private boolean old;
  private int at;
  private int end;
  private int bits;
  private int bitCount;
  private int codeSize;
  private int nextCode;
  private int previous;
  private boolean ended;

  TiffLzw(byte[] file) {
    this.file = file;
    for (int code = 0; code < CLEAR; code++) {
      first[code] = (byte) code;
      last[code] = (byte) code;
      lengths[code] = 1;
    }
  }

  @Override
  public void start(int from, int length, long size) {
    at = from;
    end = from + length;
    wanted = size;
    old = length > 1 && file[from] == 0 && (file[from + 1] & 1) == 1;
    bits = 0;
    bitCount = 0;
    codeSize = FEWEST_BITS;
    nextCode = END + 1;
    previous = -1;
    taken = 0;
    filled = 0;
    ended = false;
  }

  @Override
  public void next(byte[] row) throws UnreadableImageException {
    for (int to = 0; to < row.length; ) {
      if (taken == filled) {
        expand();
      }
      int count = Math.min(filled - taken, row.length - to);
      System.arraycopy(expanded, taken, row, to, count);
      taken += count;
      to += count;
    }
  }

  /**
   * Expands another chunk, but nothing after the last expected byte: the data after it may be
   * anything.
   */
  private void expand() throws UnreadableImageException {
    int enough = (int) Math.min(CHUNK, wanted);
    int to = 0;
    while (to < enough && !ended) {
      int code = readCode();
      if (code == CLEAR) {
        codeSize = FEWEST_BITS;
        nextCode = END + 1;
        previous = -1;
      } else if (code < 0 || code == END) {
        ended = true;
      } else {
        if (previous >= 0) {
          define(code);
        } else if (code > END) {
          throw notDefined();
        }
        int rest = code;
        to += lengths[code];
        int put = to;
        while (rest > END) {
          expanded[--put] = last[rest];
          rest = prefix[rest];
        }
        expanded[--put] = (byte) rest;
        previous = code;
      }
    }
    if (to == 0) {
      throw TiffRows.endsEarly("LZW data");
    }
    taken = 0;
    filled = to;
    wanted -= to;
  }

  /** Defines the next code: the previous code's string and the first byte of this code's string. */
  private void define(int code) throws UnreadableImageException {
    int defined = nextCode++;
    if (code > defined) {
      throw notDefined();
    }
    if (defined < CODES) {
      prefix[defined] = (short) previous;
      first[defined] = first[previous];
      last[defined] = first[code == defined ? previous : code];
      lengths[defined] = (short) (lengths[previous] + 1);
    } else if (defined == CODES + LATE) {
      throw ImageFile.broken(TIFF, "damaged LZW data: a full table is never cleared");
    }
    if (nextCode + (old ? 0 : 1) >= 1 << codeSize && codeSize < MOST_BITS) {
      codeSize++;
    }
  }

  private static UnreadableImageException notDefined() {
    return ImageFile.broken(TIFF, "damaged LZW data: a code refers to undefined codes");
  }

  /** The next code, or -1 at the end of the data. */
  private int readCode() {
    while (bitCount < codeSize) {
      if (at == end) {
        return -1;
      }
      int eight = file[at++] & 0xff;
      bits = old ? bits | (eight << bitCount) : (bits << 8) | eight;
      bitCount += 8;
    }
    bitCount -= codeSize;
    int mask = (1 << codeSize) - 1;
    if (old) {
      int code = bits & mask;
      bits >>>= codeSize;
      return code;
    }
    return (bits >>> bitCount) & mask;
  }
}
