package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.GIF;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

/**
 * A GIF's first frame on its canvas. It is decoded in Java because OpenCV's codec gives transparent
 * pixels the background's colour and rejects files for faults in later frames.
 *
 * <p>A canvas too small for the frame grows to hold it, as in browsers. A file without its trailer
 * is rejected, even if the first frame is complete.
 */
final class GifFile implements RowFile {
  private static final int SCREEN_DESCRIPTOR = 6;
  private static final int FIRST_BLOCK = 13;
  private static final int EXTENSION = 0x21;
  private static final int IMAGE = 0x2c;
  private static final int TRAILER = 0x3b;
  private static final int GRAPHIC_CONTROL = 0xf9;
  private static final int MAX_CODES = 4096;
  private static final int WHITE = 0xffffff;

  /** The passes of an interlaced frame: first row and row interval. */
  private static final int[][] PASSES = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};

  private static final int[][] ONE_PASS = {{0, 1}};

  /**
   * The first image block.
   *
   * @param at its position
   * @param colorTable the position of its colour table, local or global
   * @param transparent the index of the transparent colour, or -1
   */
  private record Frame(
      int at,
      int left,
      int top,
      int width,
      int height,
      boolean interlaced,
      int colorTable,
      int colors,
      int transparent,
      int data) {}

  private final EncodedBytes bytes;
  private final ImageHeader header;
  private final Frame frame;

  private GifFile(EncodedBytes bytes, ImageHeader header, Frame frame) {
    this.bytes = bytes;
    this.header = header;
    this.frame = frame;
  }

  static GifFile open(EncodedBytes bytes) throws UnreadableImageException {
    int flags = bytes.unsignedByte(10);
    int colors = colors(flags);
    int at = FIRST_BLOCK + 3 * colors;
    int transparent = -1;
    int block;
    while ((block = bytes.unsignedByte(at)) != IMAGE) {
      if (block != EXTENSION) {
        throw block == TRAILER
            ? ImageFile.broken(GIF, "no frame")
            : ImageFile.broken(GIF, "unknown block %02x at byte %d".formatted(block, at));
      }
      if (bytes.unsignedByte(at + 1) == GRAPHIC_CONTROL && bytes.unsignedByte(at + 2) == 4) {
        transparent = (bytes.unsignedByte(at + 3) & 1) == 0 ? -1 : bytes.unsignedByte(at + 6);
      }
      at = pastSubBlocks(bytes, at + 2);
    }
    Frame frame = frame(bytes, at, colors, transparent);
    ImageHeader.declared(GIF, frame.width, frame.height);
    ImageHeader header =
        ImageHeader.declared(
            GIF,
            Math.max(
                bytes.unsignedShort(SCREEN_DESCRIPTOR, LITTLE_ENDIAN), frame.left + frame.width),
            Math.max(
                bytes.unsignedShort(SCREEN_DESCRIPTOR + 2, LITTLE_ENDIAN),
                frame.top + frame.height));
    return new GifFile(bytes, header, frame);
  }

  private static Frame frame(EncodedBytes bytes, int at, int globalColors, int transparent)
      throws UnreadableImageException {
    int flags = bytes.unsignedByte(at + 9);
    int localColors = colors(flags);
    int afterDescriptor = at + 10;
    boolean local = localColors > 0;
    if (!local && globalColors == 0) {
      throw ImageFile.unsupported(GIF, "no colour table");
    }
    return new Frame(
        at,
        bytes.unsignedShort(at + 1, LITTLE_ENDIAN),
        bytes.unsignedShort(at + 3, LITTLE_ENDIAN),
        bytes.unsignedShort(at + 5, LITTLE_ENDIAN),
        bytes.unsignedShort(at + 7, LITTLE_ENDIAN),
        (flags & 0x40) != 0,
        local ? afterDescriptor : FIRST_BLOCK,
        local ? localColors : globalColors,
        transparent,
        afterDescriptor + 3 * localColors);
  }

  private static int colors(int flags) {
    return (flags & 0x80) == 0 ? 0 : 2 << (flags & 7);
  }

  private static int pastSubBlocks(EncodedBytes bytes, int from) throws UnreadableImageException {
    int at = from;
    int length;
    while ((length = bytes.unsignedByte(at)) != 0) {
      at += 1 + length;
    }
    return at + 1;
  }

  @Override
  public ImageHeader header() {
    return header;
  }

  @Override
  public Orientation orientation() {
    return Orientation.UPRIGHT;
  }

  @Override
  public void checkWhole() throws UnreadableImageException {
    int at = frame.at;
    int block;
    while ((block = bytes.unsignedByte(at)) != TRAILER) {
      switch (block) {
        case IMAGE -> at = pastSubBlocks(bytes, at + 11 + 3 * colors(bytes.unsignedByte(at + 9)));
        case EXTENSION -> at = pastSubBlocks(bytes, at + 2);
        default ->
            throw ImageFile.broken(GIF, "unknown block %02x at byte %d".formatted(block, at));
      }
    }
  }

  /** Decodes the first frame's rows; transparent pixels come out white. */
  @Override
  public void decode(RowSink sink) throws UnreadableImageException {
    bytes.require(frame.colorTable, 3L * frame.colors);
    byte[] palette = palette();
    byte[] row = new byte[frame.width * 3];
    Lzw codes = new Lzw(bytes, frame.data);
    for (int[] pass : frame.interlaced ? PASSES : ONE_PASS) {
      for (int y = pass[0]; y < frame.height; y += pass[1]) {
        for (int at = 0; at < row.length; at += 3) {
          int index = codes.next();
          if (index < 0) {
            throw ImageFile.broken(
                GIF, "the first frame ends before its %d rows do".formatted(frame.height));
          }
          System.arraycopy(palette, index * 3, row, at, 3);
        }
        sink.row(frame.left, frame.top + y, row, frame.width);
      }
    }
  }

  /** 256 colours; those that the file does not define are black. */
  private byte[] palette() {
    byte[] palette = new byte[256 * 3];
    System.arraycopy(bytes.array(), frame.colorTable, palette, 0, frame.colors * 3);
    if (frame.transparent >= 0) {
      palette[frame.transparent * 3] = (byte) WHITE;
      palette[frame.transparent * 3 + 1] = (byte) WHITE;
      palette[frame.transparent * 3 + 2] = (byte) WHITE;
    }
    return palette;
  }

  /** Decodes colour indices from LZW codes in sub-blocks. */
  private static final class Lzw {
    private final EncodedBytes bytes;
    private final int minimumSize;
    private final int clear;
    private final short[] prefix = new short[MAX_CODES];
    private final byte[] last = new byte[MAX_CODES];
    private final byte[] first = new byte[MAX_CODES];

    /** A stack of the current code's indices, the first on top. */
    private final byte[] pending = new byte[MAX_CODES];

    private int pendingCount;
    private int at;
    private int blockLeft;
    private int bits;
    private int bitCount;
    private int codeSize;
    private int nextCode;
    private int previous = -1;
    private boolean ended;

    Lzw(EncodedBytes bytes, int from) throws UnreadableImageException {
      this.bytes = bytes;
      minimumSize = bytes.unsignedByte(from);
      if (minimumSize < 1 || minimumSize > 8) {
        throw ImageFile.broken(GIF, "codes of %d bits".formatted(minimumSize));
      }
      clear = 1 << minimumSize;
      at = from + 1;
      for (int code = 0; code < clear; code++) {
        first[code] = (byte) code;
        last[code] = (byte) code;
      }
      reset();
    }

    private void reset() {
      codeSize = minimumSize + 1;
      nextCode = clear + 2;
      previous = -1;
    }

    /** The next colour index, or -1 at the end. */
    int next() throws UnreadableImageException {
      while (pendingCount == 0) {
        if (ended || !expandCode()) {
          ended = true;
          return -1;
        }
      }
      return pending[--pendingCount] & 0xff;
    }

    /** Reads a code and pushes its indices; false at the end of the data. */
    private boolean expandCode() throws UnreadableImageException {
      int code = readCode();
      if (code < 0 || code == clear + 1) {
        return false;
      }
      if (code == clear) {
        reset();
        return true;
      }
      if (code > nextCode || (code > clear && previous < 0)) {
        throw ImageFile.broken(GIF, "a code refers to undefined codes");
      }
      int rest = code;
      if (code == nextCode) {
        // This use defines the code: the previous code's string and that string's first index.
        pending[pendingCount++] = first[previous];
        rest = previous;
      }
      while (rest >= clear) {
        pending[pendingCount++] = last[rest];
        rest = prefix[rest];
      }
      pending[pendingCount++] = (byte) rest;
      if (previous >= 0 && nextCode < MAX_CODES) {
        prefix[nextCode] = (short) previous;
        first[nextCode] = first[previous];
        last[nextCode] = (byte) rest;
        nextCode++;
        if (nextCode >= 1 << codeSize && codeSize < 12) {
          codeSize++;
        }
      }
      previous = code;
      return true;
    }

    private int readCode() throws UnreadableImageException {
      while (bitCount < codeSize) {
        if (blockLeft == 0) {
          blockLeft = bytes.unsignedByte(at++);
          if (blockLeft == 0) {
            return -1;
          }
        }
        bits |= bytes.unsignedByte(at++) << bitCount;
        blockLeft--;
        bitCount += 8;
      }
      int code = bits & (1 << codeSize) - 1;
      bits >>>= codeSize;
      bitCount -= codeSize;
      return code;
    }
  }
}
