package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The first directory of a TIFF or BigTIFF. Tags that are used are checked strictly, so that no
 * other reader can interpret them differently: each occurs once, has a suitable type and has its
 * values inside the file. Other tags are ignored.
 */
final class TiffDirectory {
  static final int WIDTH = 256;
  static final int HEIGHT = 257;
  static final int BITS_PER_SAMPLE = 258;
  static final int COMPRESSION = 259;
  static final int PHOTOMETRIC = 262;
  static final int FILL_ORDER = 266;
  static final int STRIP_OFFSETS = 273;
  static final int ORIENTATION = 274;
  static final int SAMPLES_PER_PIXEL = 277;
  static final int ROWS_PER_STRIP = 278;
  static final int STRIP_BYTE_COUNTS = 279;
  static final int PLANAR_CONFIGURATION = 284;
  static final int T4_OPTIONS = 292;
  static final int PREDICTOR = 317;
  static final int COLOR_MAP = 320;
  static final int TILE_WIDTH = 322;
  static final int TILE_HEIGHT = 323;
  static final int TILE_OFFSETS = 324;
  static final int TILE_BYTE_COUNTS = 325;
  static final int INK_SET = 332;
  static final int EXTRA_SAMPLES = 338;
  static final int SAMPLE_FORMAT = 339;
  static final int JPEG_TABLES = 347;
  static final int JPEG_OFFSET = 513;
  static final int JPEG_RESTART_INTERVAL = 515;
  static final int JPEG_QUANTIZATION_TABLES = 519;
  static final int JPEG_DC_TABLES = 520;
  static final int JPEG_AC_TABLES = 521;
  static final int YCBCR_COEFFICIENTS = 529;
  static final int YCBCR_SUBSAMPLING = 530;
  static final int REFERENCE_BLACK_WHITE = 532;

  private static final Set<Integer> NUMBERS =
      Set.of(
          WIDTH,
          HEIGHT,
          BITS_PER_SAMPLE,
          COMPRESSION,
          PHOTOMETRIC,
          FILL_ORDER,
          STRIP_OFFSETS,
          ORIENTATION,
          SAMPLES_PER_PIXEL,
          ROWS_PER_STRIP,
          STRIP_BYTE_COUNTS,
          PLANAR_CONFIGURATION,
          T4_OPTIONS,
          PREDICTOR,
          COLOR_MAP,
          TILE_WIDTH,
          TILE_HEIGHT,
          TILE_OFFSETS,
          TILE_BYTE_COUNTS,
          INK_SET,
          EXTRA_SAMPLES,
          SAMPLE_FORMAT,
          JPEG_OFFSET,
          JPEG_RESTART_INTERVAL,
          JPEG_QUANTIZATION_TABLES,
          JPEG_DC_TABLES,
          JPEG_AC_TABLES,
          YCBCR_SUBSAMPLING);

  private static final Set<Integer> FRACTIONS = Set.of(YCBCR_COEFFICIENTS, REFERENCE_BLACK_WHITE);

  private static final int BIG = 43;
  private static final int BYTE = 1;
  private static final int SHORT = 3;
  private static final int LONG = 4;
  private static final int RATIONAL = 5;
  private static final int UNDEFINED = 7;
  private static final int SIGNED_SHORT = 8;
  private static final int SIGNED_LONG = 9;
  private static final int LONG8 = 16;

  private record Field(int type, long count, long at) {}

  private final EncodedBytes bytes;
  private final ByteOrder order;
  private final boolean big;
  private final Map<Integer, Field> fields = new HashMap<>();

  /**
   * Reads the directory that the file's header names.
   *
   * @throws UnreadableImageException if it is truncated, inconsistent or missing
   */
  TiffDirectory(EncodedBytes bytes) throws UnreadableImageException {
    this.bytes = bytes;
    order = bytes.matches(0, "II") ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    big = bytes.unsignedShort(2, order) == BIG;
    if (big && (bytes.unsignedShort(4, order) != 8 || bytes.unsignedShort(6, order) != 0)) {
      throw ImageFile.broken(TIFF, "offsets of %d bytes".formatted(bytes.unsignedShort(4, order)));
    }
    long directory = big ? bytes.unsignedLong(8, order) : bytes.unsignedInt(4, order);
    int entryBytes = big ? 20 : 12;
    long first = directory + (big ? 8 : 2);
    long count = big ? bytes.unsignedLong(directory, order) : bytes.unsignedShort(directory, order);
    bytes.require(first, 0);
    if (count < 0 || count > bytes.length() / entryBytes) {
      throw bytes.truncated();
    }
    bytes.require(first, entryBytes * count);
    for (long i = 0; i < count; i++) {
      read(first + entryBytes * i);
    }
  }

  private void read(long at) throws UnreadableImageException {
    int tag = bytes.unsignedShort(at, order);
    boolean number = NUMBERS.contains(tag);
    if (!number && !FRACTIONS.contains(tag) && tag != JPEG_TABLES) {
      return;
    }
    int type = bytes.unsignedShort(at + 2, order);
    int size = number ? numberBytes(type) : otherBytes(tag, type);
    if (size == 0) {
      throw ImageFile.broken(TIFF, "tag %d has type %d".formatted(tag, type));
    }
    long count = big ? bytes.unsignedLong(at + 4, order) : bytes.unsignedInt(at + 4, order);
    if (count < 0 || count > bytes.length() / size) {
      throw ImageFile.broken(TIFF, "tag %d has %d values".formatted(tag, count));
    }
    int inside = big ? 8 : 4;
    long valuesAt = at + (big ? 12 : 8);
    if (count * size > inside) {
      valuesAt = big ? bytes.unsignedLong(valuesAt, order) : bytes.unsignedInt(valuesAt, order);
    }
    bytes.require(valuesAt, count * size);
    if (fields.putIfAbsent(tag, new Field(type, count, valuesAt)) != null) {
      throw ImageFile.broken(TIFF, "tag %d occurs twice".formatted(tag));
    }
  }

  /**
   * The size of an integer in bytes; 0 for any other type, or one that this kind of file does not
   * have.
   */
  private int numberBytes(int type) {
    return switch (type) {
      case BYTE -> 1;
      case SHORT, SIGNED_SHORT -> 2;
      case LONG, SIGNED_LONG -> 4;
      case LONG8 -> big ? 8 : 0;
      default -> 0;
    };
  }

  private int otherBytes(int tag, int type) {
    if (tag == JPEG_TABLES) {
      return type == UNDEFINED || type == BYTE ? 1 : 0;
    }
    return type == RATIONAL ? 8 : numberBytes(type);
  }

  /** Whether the bytes begin like a TIFF or BigTIFF. */
  static boolean begins(EncodedBytes bytes) {
    return bytes.matches(0, "II*\0")
        || bytes.matches(0, "MM\0*")
        || bytes.matches(0, "II+\0")
        || bytes.matches(0, "MM\0+");
  }

  ByteOrder order() {
    return order;
  }

  boolean has(int tag) {
    return count(tag) > 0;
  }

  /** The number of a tag's values. */
  int count(int tag) {
    Field field = fields.get(tag);
    // The values lie inside the file, so an int holds their number.
    return field == null ? 0 : (int) field.count;
  }

  /** The position of a tag's values in the file. */
  long at(int tag) {
    return fields.get(tag).at;
  }

  /** A tag's first value, or {@code absent} if the tag is missing. */
  long value(int tag, long absent) throws UnreadableImageException {
    return has(tag) ? valueAt(tag, 0) : absent;
  }

  /** A tag's value at {@code index}, from 0. */
  long valueAt(int tag, int index) throws UnreadableImageException {
    Field field = requireValue(tag, index);
    long at = field.at + (long) index * numberBytes(field.type);
    long value =
        switch (field.type) {
          case BYTE -> bytes.unsignedByte(at);
          case SHORT -> bytes.unsignedShort(at, order);
          case SIGNED_SHORT -> (short) bytes.unsignedShort(at, order);
          case LONG -> bytes.unsignedInt(at, order);
          case SIGNED_LONG -> (int) bytes.unsignedInt(at, order);
          default -> bytes.unsignedLong(at, order);
        };
    if (value < 0) {
      throw ImageFile.broken(TIFF, "tag %d is %d".formatted(tag, value));
    }
    return value;
  }

  /** A tag's value at {@code index}, from 0; a fraction or an integer. */
  double fractionAt(int tag, int index) throws UnreadableImageException {
    Field field = requireValue(tag, index);
    if (field.type != RATIONAL) {
      return valueAt(tag, index);
    }
    long at = field.at + 8L * index;
    long divisor = bytes.unsignedInt(at + 4, order);
    if (divisor == 0) {
      throw ImageFile.broken(TIFF, "tag %d divides by zero".formatted(tag));
    }
    return (double) bytes.unsignedInt(at, order) / divisor;
  }

  private Field requireValue(int tag, int index) throws UnreadableImageException {
    if (index >= count(tag)) {
      throw ImageFile.broken(TIFF, "tag %d has no value number %d".formatted(tag, index));
    }
    return fields.get(tag);
  }
}
