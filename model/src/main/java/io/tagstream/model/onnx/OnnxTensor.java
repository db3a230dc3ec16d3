package io.tagstream.model.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import onnx.Onnx.TensorProto;

/**
 * A tensor of the file. Its numbers are a view of the file if they are contiguous there.
 *
 * @param type ONNX's number of the element type
 * @param data little-endian
 */
record OnnxTensor(String name, int type, List<Long> shape, ByteBuffer data) {
  private static final int MOST_DIMENSIONS = 8;

  /** The most int64 numbers that are encoded one by one; a shape has four. */
  private static final int MOST_LONGS = 1 << 16;

  /** The most numbers, or bytes, that are copied because they cannot be read in place. */
  private static final int MOST_COPIED = 1 << 26;

  private static final int MOST_PIECES = 1 << 16;

  /** ONNX's limit on the size of a file in bytes, which also limits the numbers of a tensor. */
  private static final long LARGEST = Integer.MAX_VALUE;

  /**
   * Reads a tensor. Its stated sizes are checked before memory is allocated for them.
   *
   * @throws IOException if it is malformed, its shape is invalid or larger than any file, or its
   *     numbers are in another file; the message names the tensor
   */
  static OnnxTensor read(ByteBuffer message) throws IOException {
    String name = name(message);
    WireReader fields = new WireReader(message);
    int type = 0;
    List<ByteBuffer> dimensions = new ArrayList<>();
    List<ByteBuffer> data = new ArrayList<>();
    List<ByteBuffer> integers = new ArrayList<>();
    List<ByteBuffer> longs = new ArrayList<>();
    boolean external = false;
    while (fields.next()) {
      switch (fields.field()) {
        case TensorProto.DATA_TYPE_FIELD_NUMBER -> type = (int) fields.varint();
        case TensorProto.DIMS_FIELD_NUMBER -> add(dimensions, fields.varints(), name);
        case TensorProto.RAW_DATA_FIELD_NUMBER -> add(data, fields.bytes(), name);
        // Packed floats are the same bytes as raw ones; unpacked ones come four at a time.
        case TensorProto.FLOAT_DATA_FIELD_NUMBER ->
            add(data, fields.isBytes() ? fields.bytes() : fields.take(Float.BYTES), name);
        case TensorProto.INT32_DATA_FIELD_NUMBER -> add(integers, fields.varints(), name);
        case TensorProto.INT64_DATA_FIELD_NUMBER -> add(longs, fields.varints(), name);
        case TensorProto.DATA_LOCATION_FIELD_NUMBER -> external |= fields.varint() != 0;
        default -> fields.skip();
      }
    }
    if (external) {
      throw refused(name, "has its numbers in another file, and only those inside are read");
    }
    List<Long> shape = shape(dimensions, name);
    if (!longs.isEmpty()) {
      data.add(decoded(longs, Long.BYTES, MOST_LONGS, name));
    }
    if (!integers.isEmpty()) {
      int bytesEach = type == TensorProto.DataType.INT32_VALUE ? Integer.BYTES : 1;
      data.add(decoded(integers, bytesEach, MOST_COPIED, name));
    }
    return new OnnxTensor(name, type, shape, join(data, name));
  }

  private static String name(ByteBuffer message) throws IOException {
    WireReader fields = new WireReader(message);
    String name = "";
    while (fields.next()) {
      if (fields.field() == TensorProto.NAME_FIELD_NUMBER) {
        name = fields.string();
      } else {
        fields.skip();
      }
    }
    return name;
  }

  private static IOException refused(String name, String why) {
    return new IOException("the tensor '%s' %s".formatted(name, why));
  }

  private static void add(List<ByteBuffer> pieces, ByteBuffer piece, String name)
      throws IOException {
    if (pieces.size() == MOST_PIECES) {
      throw refused(name, "is in more than %d pieces".formatted(MOST_PIECES));
    }
    pieces.add(piece);
  }

  /** Decodes a shape and checks that its numbers could fit into a file. */
  private static List<Long> shape(List<ByteBuffer> pieces, String name) throws IOException {
    if (count(pieces) > MOST_DIMENSIONS) {
      throw refused(
          name, "has %d dimensions, at most %d are read".formatted(count(pieces), MOST_DIMENSIONS));
    }
    List<Long> shape = new ArrayList<>();
    for (ByteBuffer piece : pieces) {
      WireReader dimensions = new WireReader(piece);
      while (dimensions.hasRemaining()) {
        shape.add(dimensions.varint());
      }
    }
    requireShape(shape, LARGEST, name);
    return List.copyOf(shape);
  }

  /**
   * Checks that a shape has at most {@code most} numbers.
   *
   * @throws IOException if it has more, or a negative dimension; the message names the tensor
   */
  static void requireShape(List<Long> shape, long most, String name) throws IOException {
    long numbers = 1;
    for (long dimension : shape) {
      if (dimension < 0) {
        throw refused(
            name, "has the shape %s, whose dimensions must not be negative".formatted(shape));
      }
      // A dimension of 0 makes the tensor empty, whatever the others are.
      numbers = dimension > 0 && numbers > most / dimension ? Long.MAX_VALUE : numbers * dimension;
    }
    if (numbers > most) {
      throw refused(
          name, "has the shape %s, and at most %d numbers are read".formatted(shape, most));
    }
  }

  /** The number of varints: each ends with a byte whose highest bit is 0. */
  private static long count(List<ByteBuffer> pieces) {
    long count = 0;
    for (ByteBuffer piece : pieces) {
      for (int i = 0; i < piece.remaining(); i++) {
        count += piece.get(i) >= 0 ? 1 : 0;
      }
    }
    return count;
  }

  /**
   * Decodes varints. ONNX encodes all types of up to 32 bits in the same field; types of 8, 32 and
   * 64 bits are read.
   */
  private static ByteBuffer decoded(List<ByteBuffer> pieces, int bytesEach, int most, String name)
      throws IOException {
    long count = count(pieces);
    if (count > most) {
      throw refused(name, "has %d numbers one by one, at most %d are read".formatted(count, most));
    }
    ByteBuffer bytes =
        ByteBuffer.allocateDirect((int) count * bytesEach).order(ByteOrder.LITTLE_ENDIAN);
    for (ByteBuffer piece : pieces) {
      WireReader numbers = new WireReader(piece);
      while (numbers.hasRemaining()) {
        long number = numbers.varint();
        switch (bytesEach) {
          case 1 -> bytes.put((byte) number);
          case Integer.BYTES -> bytes.putInt((int) number);
          default -> bytes.putLong(number);
        }
      }
    }
    return bytes.flip();
  }

  private static ByteBuffer join(List<ByteBuffer> parts, String name) throws IOException {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    long bytes = parts.stream().mapToLong(ByteBuffer::remaining).sum();
    if (bytes > MOST_COPIED) {
      throw refused(
          name,
          "has %d bytes in %d pieces; at most %d are read that are not together"
              .formatted(bytes, parts.size(), MOST_COPIED));
    }
    ByteBuffer whole = ByteBuffer.allocateDirect((int) bytes);
    parts.forEach(whole::put);
    return whole.flip();
  }

  OnnxTensor named(String other) {
    return new OnnxTensor(other, type, shape, data);
  }

  boolean isFloat() {
    return is(TensorProto.DataType.FLOAT);
  }

  boolean is(TensorProto.DataType other) {
    return type == other.getNumber();
  }

  boolean isLong() {
    return is(TensorProto.DataType.INT64);
  }

  /** The type's name in ONNX: FLOAT, INT64, FLOAT16 … */
  String typeName() {
    TensorProto.DataType known = TensorProto.DataType.forNumber(type);
    return known == null ? "type " + type : known.name();
  }

  /** The number of elements by the shape. */
  long count() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  FloatBuffer floats() {
    return data.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }

  List<Long> longs() {
    ByteBuffer bytes = data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    List<Long> values = new ArrayList<>();
    while (bytes.remaining() >= Long.BYTES) {
      values.add(bytes.getLong());
    }
    return values;
  }
}
