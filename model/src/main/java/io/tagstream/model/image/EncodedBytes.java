package io.tagstream.model.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.tagstream.model.image.UnreadableImageException.Stage;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The bytes of an encoded image. A read past the end throws the exception for a truncated file, so
 * parsers need no length checks.
 */
final class EncodedBytes {
  private static final VarHandle LITTLE_SHORT = view(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LITTLE_INT = view(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle BIG_SHORT = view(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle BIG_INT = view(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LITTLE_LONG = view(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long LOW_BITS = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;

  private final byte[] array;

  EncodedBytes(byte[] array) {
    this.array = array;
  }

  private static VarHandle view(Class<?> type, ByteOrder order) {
    return MethodHandles.byteArrayViewVarHandle(type, order);
  }

  /** The file itself, not a copy. */
  byte[] array() {
    return array;
  }

  int length() {
    return array.length;
  }

  int unsignedByte(long at) throws UnreadableImageException {
    require(at, 1);
    return array[(int) at] & 0xff;
  }

  int unsignedShort(long at, ByteOrder order) throws UnreadableImageException {
    require(at, 2);
    VarHandle view = order == ByteOrder.BIG_ENDIAN ? BIG_SHORT : LITTLE_SHORT;
    return (short) view.get(array, (int) at) & 0xffff;
  }

  long unsignedInt(long at, ByteOrder order) throws UnreadableImageException {
    require(at, 4);
    VarHandle view = order == ByteOrder.BIG_ENDIAN ? BIG_INT : LITTLE_INT;
    return (int) view.get(array, (int) at) & 0xffffffffL;
  }

  /** Eight bytes as a number; negative for values that only an unsigned long can hold. */
  long unsignedLong(long at, ByteOrder order) throws UnreadableImageException {
    require(at, 8);
    long first = unsignedInt(at, order);
    long second = unsignedInt(at + 4, order);
    return order == ByteOrder.BIG_ENDIAN ? first << 32 | second : second << 32 | first;
  }

  /** Whether the bytes at {@code at} are these Latin-1 characters; false past the end. */
  boolean matches(int at, String text) {
    if (at < 0 || at + text.length() > array.length) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if ((array[at + i] & 0xff) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * The bytes at {@code at} as Latin-1 characters; fewer if the file ends earlier, none past its
   * end.
   */
  String latin(int at, int length) {
    int from = Math.min(at, array.length);
    return new String(array, from, Math.min(length, array.length - from), ISO_8859_1);
  }

  /** The index of the first byte 0xFF at or after {@code from}, or the length. */
  int indexOfFf(int from) {
    int at = from;
    for (; at + 8 <= array.length; at += 8) {
      // A byte of the complement is zero where the byte is 0xFF.
      long complement = ~(long) LITTLE_LONG.get(array, at);
      if (((complement - LOW_BITS) & ~complement & HIGH_BITS) != 0) {
        break;
      }
    }
    while (at < array.length && array[at] != (byte) 0xff) {
      at++;
    }
    return at;
  }

  /** Checks that {@code count} bytes follow {@code at}. */
  void require(long at, long count) throws UnreadableImageException {
    if (at < 0 || count < 0 || at > array.length - count) {
      throw truncated();
    }
  }

  UnreadableImageException truncated() {
    return new UnreadableImageException(
        Stage.DECODE, "the file is cut short after %d bytes".formatted(array.length));
  }
}
