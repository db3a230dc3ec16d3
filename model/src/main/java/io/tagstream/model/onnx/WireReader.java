package io.tagstream.model.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.nd4j.shade.protobuf.WireFormat;

/**
 * Iterates over the fields of one protobuf message without copying: a field's bytes are a view of
 * the buffer. Protobuf's own parser would copy all 240 MB of a model to the heap.
 */
final class WireReader {
  private static final int LONGEST_NAME = 1 << 16;

  private final ByteBuffer message;
  private int tag;

  WireReader(ByteBuffer message) {
    this.message = message.duplicate();
  }

  /** Advances to the next field; false at the end of the message. */
  boolean next() throws IOException {
    if (!message.hasRemaining()) {
      return false;
    }
    long value = varint();
    if (value != (int) value || WireFormat.getTagFieldNumber((int) value) == 0) {
      throw new IOException("not an ONNX file: no field begins at byte " + message.position());
    }
    tag = (int) value;
    return true;
  }

  int field() {
    return WireFormat.getTagFieldNumber(tag);
  }

  /** Whether the field is a string, bytes, a message, or numbers packed together. */
  boolean isBytes() {
    return WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  /** A view of the current field's bytes. */
  ByteBuffer bytes() throws IOException {
    if (!isBytes()) {
      throw new IOException("not an ONNX file: field " + field() + " has another wire type");
    }
    return take(varint());
  }

  /** The current field as a name, of at most {@link #LONGEST_NAME} bytes. */
  String string() throws IOException {
    return StandardCharsets.UTF_8.decode(bytes(LONGEST_NAME, "a name")).toString();
  }

  /**
   * A view of the current field's bytes, which the caller turns into objects.
   *
   * @param most the most bytes allowed
   * @param what the name of the bytes in the message
   */
  ByteBuffer bytes(int most, String what) throws IOException {
    ByteBuffer bytes = bytes();
    if (bytes.remaining() > most) {
      throw new IOException(
          "%s in it has %d bytes, at most %d are read".formatted(what, bytes.remaining(), most));
    }
    return bytes;
  }

  /** A view of the current field's varints: one, or several packed together. */
  ByteBuffer varints() throws IOException {
    if (isBytes()) {
      return bytes();
    }
    int start = message.position();
    long unused = varint();
    return message.slice(start, message.position() - start);
  }

  /** The next varint: the current field's value, or the next one of a packed field. */
  long varint() throws IOException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (!message.hasRemaining()) {
        throw cutShort();
      }
      byte next = message.get();
      value |= (next & 0x7FL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IOException("not an ONNX file: malformed number at byte " + message.position());
  }

  boolean hasRemaining() {
    return message.hasRemaining();
  }

  void skip() throws IOException {
    switch (WireFormat.getTagWireType(tag)) {
      case WireFormat.WIRETYPE_VARINT -> varint();
      case WireFormat.WIRETYPE_FIXED32 -> take(Integer.BYTES);
      case WireFormat.WIRETYPE_FIXED64 -> take(Long.BYTES);
      case WireFormat.WIRETYPE_LENGTH_DELIMITED -> take(varint());
      default ->
          throw new IOException(
              "not an ONNX file: unknown wire type before byte " + message.position());
    }
  }

  /** A view of the next bytes. */
  ByteBuffer take(long count) throws IOException {
    if (count < 0 || count > message.remaining()) {
      throw cutShort();
    }
    ByteBuffer view = message.slice(message.position(), (int) count);
    message.position(message.position() + (int) count);
    return view;
  }

  private static IOException cutShort() {
    return new IOException("it is truncated or not an ONNX file");
  }
}
