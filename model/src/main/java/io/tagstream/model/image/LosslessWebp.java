package io.tagstream.model.image;

import java.util.Arrays;

/**
 * Reads the beginning of a lossless WebP's codes, without the pixels' values, to determine the
 * memory that their tables take: an image of one megapixel in 300 KB may declare 65,536 groups of
 * five tables each, which are hundreds of megabytes. Encoders write up to 2,600 groups.
 *
 * <p>Follows "WebP Lossless Bitstream Specification"; an alpha channel has the same codes.
 */
final class LosslessWebp {
  private static final int PREDICTOR = 0;
  private static final int CROSS_COLOR = 1;
  private static final int COLOR_INDEXING = 3;
  private static final int LITERALS = 256;
  private static final int LENGTHS = 24;
  private static final int DISTANCES = 40;
  private static final int LONGEST_CODE = 15;
  private static final int LARGEST_CACHE_BITS = 11;
  private static final int MOST_GROUPS = 1 << 16;

  /** The shortest group: five codes of one symbol each. */
  private static final int SHORTEST_GROUP_BITS = 20;

  /**
   * The entries that libwebp allocates per group: those of its tables, without a colour cache's,
   * and a record.
   */
  private static final long GROUP_ENTRIES = 2_954;

  private static final int ENTRY_BYTES = 4;
  private static final int GROUP_RECORD_BYTES = 1_024;

  /** The order in which the code lengths of the length codes are written. */
  private static final int[] ORDER = {
    17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  };

  /** A canonical prefix code: codes of one length are consecutive. */
  private static final class PrefixCode {
    private final int[] counts = new int[LONGEST_CODE + 1];
    private final int[] symbols;

    /**
     * Builds the code from its symbols' code lengths.
     *
     * @param lengths by symbol; 0 for a symbol that does not occur
     */
    PrefixCode(int[] lengths) {
      for (int length : lengths) {
        counts[length]++;
      }
      counts[0] = 0;
      int[] next = new int[LONGEST_CODE + 2];
      for (int length = 1; length <= LONGEST_CODE; length++) {
        next[length + 1] = next[length] + counts[length];
      }
      symbols = new int[next[LONGEST_CODE + 1]];
      for (int symbol = 0; symbol < lengths.length; symbol++) {
        if (lengths[symbol] > 0) {
          symbols[next[lengths[symbol]]++] = symbol;
        }
      }
    }
  }

  private final EncodedBytes bytes;
  private final long end;
  private long at;
  private int bitsUsed;

  private LosslessWebp(EncodedBytes bytes, long from, long end) {
    this.bytes = bytes;
    this.end = end;
    at = from;
  }

  /**
   * The most memory that the tables take, in bytes.
   *
   * @param from the position of the transforms
   * @param end the end of the codes
   */
  static long tableBytes(EncodedBytes bytes, long from, long end, int width, int height) {
    LosslessWebp codes = new LosslessWebp(bytes, from, end);
    long blocks;
    int cacheBits;
    try {
      int columns = codes.transforms(width, height);
      cacheBits = codes.cacheBits();
      if (codes.read(1) == 0) {
        blocks = 1;
      } else {
        int blockBits = codes.read(3) + 2;
        blocks = (long) shifted(columns, blockBits) * shifted(height, blockBits);
      }
    } catch (UnreadableImageException broken) {
      // The codec rejects such data and until then allocates no more than this.
      blocks = (long) shifted(width, 2) * shifted(height, 2);
      cacheBits = LARGEST_CACHE_BITS;
    }
    long fit = Math.max(1, (end - from) * 8 / SHORTEST_GROUP_BITS);
    long groups = Math.min(MOST_GROUPS, Math.min(blocks, fit));
    long entries = GROUP_ENTRIES + (cacheBits == 0 ? 0 : 1L << cacheBits);
    return groups * (entries * ENTRY_BYTES + GROUP_RECORD_BYTES);
  }

  /** Skips the transforms; returns the number of columns that are coded after them. */
  private int transforms(int width, int height) throws UnreadableImageException {
    int columns = width;
    while (read(1) == 1) {
      switch (read(2)) {
        case PREDICTOR, CROSS_COLOR -> {
          int blockBits = read(3) + 2;
          pass((long) shifted(columns, blockBits) * shifted(height, blockBits));
        }
        case COLOR_INDEXING -> {
          int colors = read(8) + 1;
          pass(colors);
          columns = shifted(columns, colors <= 2 ? 3 : colors <= 4 ? 2 : colors <= 16 ? 1 : 0);
        }
        default -> {
          // The subtract-green transform has no data.
        }
      }
    }
    return columns;
  }

  /** A side in blocks. */
  private static int shifted(int side, int bits) {
    return (side + (1 << bits) - 1) >> bits;
  }

  private int cacheBits() throws UnreadableImageException {
    return read(1) == 0 ? 0 : read(4);
  }

  /** Skips the pixels of a transform. */
  private void pass(long pixels) throws UnreadableImageException {
    int cacheBits = cacheBits();
    int cache = cacheBits == 0 ? 0 : 1 << Math.min(cacheBits, LARGEST_CACHE_BITS);
    PrefixCode green = prefixCode(LITERALS + LENGTHS + cache);
    PrefixCode red = prefixCode(LITERALS);
    PrefixCode blue = prefixCode(LITERALS);
    PrefixCode alpha = prefixCode(LITERALS);
    PrefixCode distance = prefixCode(DISTANCES);
    long done = 0;
    while (done < pixels) {
      int symbol = symbol(green);
      if (symbol < LITERALS) {
        symbol(red);
        symbol(blue);
        symbol(alpha);
        done++;
      } else if (symbol < LITERALS + LENGTHS) {
        done += number(symbol - LITERALS);
        number(symbol(distance));
      } else {
        done++;
      }
    }
  }

  /** Reads the rest of a length or a distance, from 1, whose prefix has been read. */
  private int number(int prefix) throws UnreadableImageException {
    if (prefix < 4) {
      return prefix + 1;
    }
    int extra = (prefix - 2) >> 1;
    return ((2 + (prefix & 1)) << extra) + read(extra) + 1;
  }

  private PrefixCode prefixCode(int alphabet) throws UnreadableImageException {
    int[] lengths = new int[alphabet];
    if (read(1) == 1) {
      int symbols = read(1) + 1;
      lengths[Math.min(alphabet - 1, read(read(1) == 1 ? 8 : 1))] = 1;
      if (symbols == 2) {
        lengths[Math.min(alphabet - 1, read(8))] = 1;
      }
      return new PrefixCode(lengths);
    }
    int[] ofLengths = new int[ORDER.length];
    int written = 4 + read(4);
    for (int i = 0; i < written; i++) {
      ofLengths[ORDER[Math.min(i, ORDER.length - 1)]] = read(3);
    }
    readLengths(new PrefixCode(ofLengths), lengths);
    return new PrefixCode(lengths);
  }

  private void readLengths(PrefixCode code, int[] lengths) throws UnreadableImageException {
    int left = read(1) == 0 ? lengths.length : 2 + read(2 + 2 * read(3));
    int previous = 8;
    int next = 0;
    while (next < lengths.length && left-- > 0) {
      int symbol = symbol(code);
      if (symbol < 16) {
        lengths[next++] = symbol;
        previous = symbol == 0 ? previous : symbol;
        continue;
      }
      int times =
          switch (symbol) {
            case 16 -> 3 + read(2);
            case 17 -> 3 + read(3);
            default -> 11 + read(7);
          };
      int to = Math.min(lengths.length, next + times);
      Arrays.fill(lengths, next, to, symbol == 16 ? previous : 0);
      next = to;
    }
  }

  private int symbol(PrefixCode code) throws UnreadableImageException {
    if (code.symbols.length == 1) {
      // The only symbol takes no bits.
      return code.symbols[0];
    }
    int word = 0;
    int first = 0;
    int index = 0;
    for (int length = 1; length <= LONGEST_CODE; length++) {
      word = word << 1 | read(1);
      int offset = word - first;
      if (offset < code.counts[length]) {
        return code.symbols[index + offset];
      }
      index += code.counts[length];
      first = (first + code.counts[length]) << 1;
    }
    throw ImageFile.broken(ImageFormat.WEBP, "a code that is in no table");
  }

  /** The next bits; the first is the lowest. */
  private int read(int count) throws UnreadableImageException {
    int value = 0;
    for (int i = 0; i < count; i++) {
      if (at >= end) {
        throw bytes.truncated();
      }
      value |= (bytes.unsignedByte(at) >> bitsUsed & 1) << i;
      if (++bitsUsed == 8) {
        bitsUsed = 0;
        at++;
      }
    }
    return value;
  }
}
