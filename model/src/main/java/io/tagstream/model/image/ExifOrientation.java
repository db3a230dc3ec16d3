package io.tagstream.model.image;

import io.tagstream.model.image.UnreadableImageException.Stage;
import java.nio.ByteOrder;

/**
 * The orientation that an EXIF block declares. Metadata is no reason to reject an image whose
 * pixels are intact: what can be read of a damaged block is used, and without an orientation the
 * image is upright. Nothing outside the block is read.
 */
final class ExifOrientation {
  private static final int ORIENTATION = 274;

  /** An upper limit; a camera's first directory has about twenty entries. */
  private static final int MOST_ENTRIES = 1_000;

  private static final int ENTRY_BYTES = 12;
  private static final int BYTE = 1;
  private static final int SHORT = 3;
  private static final int LONG = 4;
  private static final int SIGNED_BYTE = 6;
  private static final int SIGNED_SHORT = 8;
  private static final int SIGNED_LONG = 9;

  private final EncodedBytes bytes;
  private final long from;
  private final long end;
  private final ByteOrder order;

  private ExifOrientation(EncodedBytes bytes, long from, long end, ByteOrder order) {
    this.bytes = bytes;
    this.from = from;
    this.end = end;
    this.order = order;
  }

  /**
   * Reads the orientation from an EXIF block.
   *
   * @param from where its TIFF structure begins; offsets are relative to it
   * @param length the structure's length in bytes
   */
  static Orientation of(EncodedBytes bytes, int from, int length) {
    long end = Math.min((long) from + length, bytes.length());
    try {
      if (bytes.matches(from, "II*\0")) {
        return new ExifOrientation(bytes, from, end, ByteOrder.LITTLE_ENDIAN).read();
      }
      if (bytes.matches(from, "MM\0*")) {
        return new ExifOrientation(bytes, from, end, ByteOrder.BIG_ENDIAN).read();
      }
    } catch (UnreadableImageException cutShort) {
      // A truncated directory: use what was read.
    }
    return Orientation.UPRIGHT;
  }

  private Orientation read() throws UnreadableImageException {
    long directory = from + number(LONG, from + 4);
    long entries = Math.min(MOST_ENTRIES, number(SHORT, directory));
    for (int i = 0; i < entries; i++) {
      long entry = directory + 2 + (long) ENTRY_BYTES * i;
      if (number(SHORT, entry) == ORIENTATION) {
        long value = value(entry);
        if (value >= 1 && value <= Orientation.values().length) {
          return Orientation.of(value);
        }
      }
    }
    return Orientation.UPRIGHT;
  }

  /** An entry's first number, or 0 if its type is not a number. */
  private long value(long entry) throws UnreadableImageException {
    int type = (int) number(SHORT, entry + 2);
    long count = number(LONG, entry + 4);
    long size = count * bytesOf(type);
    if (size == 0) {
      return 0;
    }
    long at = size <= 4 ? entry + 8 : from + number(LONG, entry + 8);
    // An offset outside the block invalidates this entry only.
    return at + bytesOf(type) <= end ? number(type, at) : 0;
  }

  /** The size of a number in bytes; 0 if the type is not an integer type. */
  private static int bytesOf(int type) {
    return switch (type) {
      case BYTE, SIGNED_BYTE -> 1;
      case SHORT, SIGNED_SHORT -> 2;
      case LONG, SIGNED_LONG -> 4;
      default -> 0;
    };
  }

  private long number(int type, long at) throws UnreadableImageException {
    int size = bytesOf(type);
    if (at < from || at + size > end) {
      throw new UnreadableImageException(Stage.DECODE, "the EXIF block is cut short");
    }
    return switch (size) {
      case 1 -> bytes.unsignedByte(at);
      case 2 -> bytes.unsignedShort(at, order);
      default -> bytes.unsignedInt(at, order);
    };
  }
}
