package io.tagstream.model.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Builds a TIFF or BigTIFF from tags and strips or tiles. */
final class TestTiff {
  static final int SHORT = 3;
  static final int LONG = 4;
  static final int LONG8 = 16;

  private record Field(int type, List<Long> values) {}

  private final ByteOrder order;
  private final boolean big;
  private final SortedMap<Integer, Field> fields = new TreeMap<>();
  private final List<int[]> repeated = new ArrayList<>();
  private final List<byte[]> pieces = new ArrayList<>();

  private TestTiff(ByteOrder order, boolean big) {
    this.order = order;
    this.big = big;
  }

  /** One or more strips, uncompressed unless tags change it. */
  static TestTiff of(
      ByteOrder order, boolean big, int width, int height, int bits, int samples, int color) {
    long[] allBits = new long[samples];
    Arrays.fill(allBits, bits);
    return new TestTiff(order, big)
        .with(TiffDirectory.WIDTH, LONG, width)
        .with(TiffDirectory.HEIGHT, LONG, height)
        .with(TiffDirectory.BITS_PER_SAMPLE, SHORT, allBits)
        .with(TiffDirectory.COMPRESSION, SHORT, 1)
        .with(TiffDirectory.PHOTOMETRIC, SHORT, color)
        .with(TiffDirectory.SAMPLES_PER_PIXEL, SHORT, samples)
        .with(TiffDirectory.ROWS_PER_STRIP, LONG, height);
  }

  static TestTiff of(int width, int height, int bits, int samples, int color) {
    return of(ByteOrder.LITTLE_ENDIAN, false, width, height, bits, samples, color);
  }

  TestTiff with(int tag, int type, long... values) {
    fields.put(tag, new Field(type, Arrays.stream(values).boxed().toList()));
    return this;
  }

  TestTiff without(int tag) {
    fields.remove(tag);
    return this;
  }

  /** Adds the tag a second time, with another value. */
  TestTiff again(int tag, int value) {
    repeated.add(new int[] {tag, value});
    return this;
  }

  TestTiff piece(byte[] piece) {
    pieces.add(piece);
    return this;
  }

  byte[] build() {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    int header = big ? 16 : 8;
    long[] offsets = new long[pieces.size()];
    long[] counts = new long[pieces.size()];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = (long) header + data.size();
      counts[i] = pieces.get(i).length;
      data.writeBytes(pieces.get(i));
    }
    boolean tiled = fields.containsKey(TiffDirectory.TILE_WIDTH);
    putIfAbsent(tiled ? TiffDirectory.TILE_OFFSETS : TiffDirectory.STRIP_OFFSETS, offsets);
    putIfAbsent(tiled ? TiffDirectory.TILE_BYTE_COUNTS : TiffDirectory.STRIP_BYTE_COUNTS, counts);
    int directory = header + data.size();
    int entries = fields.size() + repeated.size();
    int inside = big ? 8 : 4;
    int after = directory + (big ? 16 + 20 * entries : 6 + 12 * entries);
    ByteArrayOutputStream longer = new ByteArrayOutputStream();
    ByteBuffer list = ByteBuffer.allocate(after - directory).order(order);
    if (big) {
      list.putLong(entries);
    } else {
      list.putShort((short) entries);
    }
    fields.forEach(
        (tag, field) -> {
          byte[] values = bytes(field);
          list.putShort((short) (int) tag).putShort((short) field.type);
          number(list, field.values.size());
          if (values.length > inside) {
            number(list, after + longer.size());
            longer.writeBytes(values);
          } else {
            list.put(values).position(list.position() + inside - values.length);
          }
          for (int[] again : repeated) {
            if (again[0] == tag) {
              list.putShort((short) again[0]).putShort((short) LONG);
              number(list, 1);
              list.putInt(again[1]).position(list.position() + inside - 4);
            }
          }
        });
    ByteBuffer file = ByteBuffer.allocate(after + longer.size()).order(order);
    file.putShort((short) (order == ByteOrder.LITTLE_ENDIAN ? 0x4949 : 0x4d4d));
    if (big) {
      file.putShort((short) 43).putShort((short) 8).putShort((short) 0).putLong(directory);
    } else {
      file.putShort((short) 42).putInt(directory);
    }
    return file.put(data.toByteArray()).put(list.array()).put(longer.toByteArray()).array();
  }

  private void putIfAbsent(int tag, long[] values) {
    fields.putIfAbsent(tag, new Field(LONG, Arrays.stream(values).boxed().toList()));
  }

  private void number(ByteBuffer into, long value) {
    if (big) {
      into.putLong(value);
    } else {
      into.putInt((int) value);
    }
  }

  private byte[] bytes(Field field) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * field.values.size()).order(order);
    for (long value : field.values) {
      switch (field.type) {
        case 1, 2, 6, 7 -> bytes.put((byte) value);
        case SHORT, 8 -> bytes.putShort((short) value);
        case LONG8 -> bytes.putLong(value);
        default -> bytes.putInt((int) value);
      }
    }
    return Arrays.copyOf(bytes.array(), bytes.position());
  }
}
