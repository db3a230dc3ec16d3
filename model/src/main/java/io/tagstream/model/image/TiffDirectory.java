package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/** The first directory of a TIFF file. Every entry's values lie inside the structure. */
final class TiffDirectory {
  static final int WIDTH = 256;
  static final int HEIGHT = 257;
  static final int BITS_PER_SAMPLE = 258;
  static final int COMPRESSION = 259;
  static final int PHOTOMETRIC = 262;
  static final int STRIP_OFFSETS = 273;
  static final int ORIENTATION = 274;
  static final int SAMPLES_PER_PIXEL = 277;
  static final int ROWS_PER_STRIP = 278;
  static final int STRIP_BYTE_COUNTS = 279;
  static final int PLANAR_CONFIGURATION = 284;
  static final int TILE_WIDTH = 322;
  static final int TILE_HEIGHT = 323;
  static final int TILE_OFFSETS = 324;
  static final int TILE_BYTE_COUNTS = 325;
  static final int EXTRA_SAMPLES = 338;

  /** Bytes a value, by field type; 0 where the type is unknown, which readers skip. */
  private static final int[] TYPE_BYTES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};

  private static final int TYPE_BYTE = 1;
  private static final int TYPE_SHORT = 3;
  private static final int TYPE_LONG = 4;

  private record Entry(int type, long count, long at) {}

  private final EncodedBytes bytes;
  private final ByteOrder order;
  private final Map<Integer, Entry> entries = new HashMap<>();

  /**
   * @param start where the structure begins: its offsets count from here
   * @throws UnreadableImageException where it is cut short or is none
   */
  TiffDirectory(EncodedBytes bytes, int start) throws UnreadableImageException {
    this.bytes = bytes;
    if (bytes.matches(start, "II*\0")) {
      order = ByteOrder.LITTLE_ENDIAN;
    } else if (bytes.matches(start, "MM\0*")) {
      order = ByteOrder.BIG_ENDIAN;
    } else {
      throw ImageFile.broken(TIFF, "no byte order");
    }
    long directory = start + bytes.unsignedInt(start + 4, order);
    int count = bytes.unsignedShort(directory, order);
    for (int i = 0; i < count; i++) {
      long at = directory + 2 + 12L * i;
      int tag = bytes.unsignedShort(at, order);
      int type = bytes.unsignedShort(at + 2, order);
      long values = bytes.unsignedInt(at + 4, order);
      if (type > 0 && type < TYPE_BYTES.length) {
        long size = values * TYPE_BYTES[type];
        long valuesAt = size <= 4 ? at + 8 : start + bytes.unsignedInt(at + 8, order);
        bytes.require(valuesAt, size);
        entries.putIfAbsent(tag, new Entry(type, values, valuesAt));
      }
    }
    bytes.require(directory + 2 + 12L * count, 4);
  }

  boolean has(int tag) {
    return entries.containsKey(tag);
  }

  /** How many values a tag has. */
  int count(int tag) {
    Entry entry = entries.get(tag);
    // The values lie inside the file, so they are no more than its bytes.
    return entry == null ? 0 : (int) entry.count;
  }

  /** A tag's first value, or {@code absent} without one. */
  long value(int tag, long absent) throws UnreadableImageException {
    return count(tag) == 0 ? absent : valueAt(tag, 0);
  }

  /** A tag's value number {@code index}, from 0. */
  long valueAt(int tag, int index) throws UnreadableImageException {
    Entry entry = entries.get(tag);
    if (entry == null || index >= entry.count) {
      throw ImageFile.broken(TIFF, "tag %d has no value number %d".formatted(tag, index));
    }
    long at = entry.at + (long) index * TYPE_BYTES[entry.type];
    return switch (entry.type) {
      case TYPE_BYTE -> bytes.unsignedByte(at);
      case TYPE_SHORT -> bytes.unsignedShort(at, order);
      case TYPE_LONG -> bytes.unsignedInt(at, order);
      default -> throw ImageFile.broken(TIFF, "tag %d has type %d".formatted(tag, entry.type));
    };
  }
}
