package io.tagstream.model.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import onnx.Onnx.TensorProto;

/**
 * A tensor of the file; its numbers are a view of the file where they lie there one after the
 * other.
 *
 * @param type ONNX's number of the element type
 * @param data little-endian; empty when it is external
 * @param external whether the numbers are in another file
 */
record OnnxTensor(String name, int type, List<Long> shape, ByteBuffer data, boolean external) {

  static OnnxTensor read(ByteBuffer message) throws IOException {
    WireReader fields = new WireReader(message);
    String name = "";
    int type = 0;
    List<Long> shape = new ArrayList<>();
    List<ByteBuffer> data = new ArrayList<>();
    List<Long> integers = new ArrayList<>();
    boolean external = false;
    while (fields.next()) {
      switch (fields.field()) {
        case TensorProto.NAME_FIELD_NUMBER -> name = fields.string();
        case TensorProto.DATA_TYPE_FIELD_NUMBER -> type = (int) fields.varint();
        case TensorProto.DIMS_FIELD_NUMBER -> readVarints(fields, shape);
        case TensorProto.RAW_DATA_FIELD_NUMBER -> data.add(fields.bytes());
        // Packed floats are the same bytes as raw ones; unpacked ones come four at a time.
        case TensorProto.FLOAT_DATA_FIELD_NUMBER ->
            data.add(fields.isBytes() ? fields.bytes() : fields.take(Float.BYTES));
        case TensorProto.INT32_DATA_FIELD_NUMBER -> readVarints(fields, integers);
        case TensorProto.INT64_DATA_FIELD_NUMBER -> data.add(readLongs(fields));
        case TensorProto.DATA_LOCATION_FIELD_NUMBER -> external |= fields.varint() != 0;
        default -> fields.skip();
      }
    }
    if (!integers.isEmpty()) {
      data.add(narrow(integers, type == TensorProto.DataType.INT32_VALUE ? Integer.BYTES : 1));
    }
    return new OnnxTensor(name, type, List.copyOf(shape), join(data), external);
  }

  /**
   * Types of up to 32 bits share a field. Of those of one byte and of 32 bits we read the numbers.
   */
  private static ByteBuffer narrow(List<Long> integers, int bytesEach) {
    ByteBuffer bytes =
        ByteBuffer.allocate(integers.size() * bytesEach).order(ByteOrder.LITTLE_ENDIAN);
    for (long number : integers) {
      if (bytesEach == 1) {
        bytes.put((byte) number);
      } else {
        bytes.putInt((int) number);
      }
    }
    return bytes.flip();
  }

  private static void readVarints(WireReader fields, List<Long> values) throws IOException {
    if (fields.isBytes()) {
      WireReader packed = new WireReader(fields.bytes());
      while (packed.hasRemaining()) {
        values.add(packed.varint());
      }
    } else {
      values.add(fields.varint());
    }
  }

  private static ByteBuffer readLongs(WireReader fields) throws IOException {
    List<Long> values = new ArrayList<>();
    readVarints(fields, values);
    ByteBuffer bytes =
        ByteBuffer.allocate(values.size() * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    values.forEach(bytes::putLong);
    return bytes.flip();
  }

  private static ByteBuffer join(List<ByteBuffer> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    ByteBuffer whole =
        ByteBuffer.allocateDirect(parts.stream().mapToInt(ByteBuffer::remaining).sum());
    parts.forEach(whole::put);
    return whole.flip();
  }

  OnnxTensor named(String other) {
    return new OnnxTensor(other, type, shape, data, external);
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

  /** How many numbers the shape asks for. */
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
