package io.tagstream.model.onnx;

import io.tagstream.model.Throttle;
import java.io.EOFException;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A private copy of a file, mapped into memory that {@link #close} frees. Java 17 itself frees a
 * mapping only when the garbage collector runs, which in a quiet process is hours later; until then
 * a model's pages count as resident.
 *
 * <p>It is a copy because truncating a mapped file ends the process with SIGBUS at the next read,
 * and writing to one changes data that was already verified. The copy is an unlinked file in the
 * temporary folder, whose pages the kernel can evict and read again. Allocated memory would never
 * be returned to the system with the allocator settings that suit the engines.
 */
public final class FileMapping implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FileMapping.class);

  private static final int CHUNK = 1 << 18;

  /** {@code void (ByteBuffer)}. */
  private static final MethodHandle UNMAP = findUnmap();

  private final ByteBuffer bytes;
  private boolean closed;

  private FileMapping(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /** {@link #of(Path, Throttle)} without pauses. */
  public static FileMapping of(Path file) throws IOException {
    return of(file, Throttle.none());
  }

  /**
   * Copies a file and maps the copy. If the temporary folder has no room, the copy is in memory.
   *
   * @param throttle limits the copying
   * @throws IOException also if the file is not a regular one, is empty or is larger than ONNX
   *     allows; the message states this without the file's name
   */
  public static FileMapping of(Path file, Throttle throttle) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      throw new IOException(
          "it is %s, not a file"
              .formatted(attributes.isDirectory() ? "a folder" : "a pipe or a device"));
    }
    long size = attributes.size();
    if (size == 0) {
      throw new IOException("it is empty");
    }
    if (size > Integer.MAX_VALUE) {
      throw new IOException("it is larger than 2 GiB, which ONNX does not allow");
    }
    try (SeekableByteChannel from = Files.newByteChannel(file)) {
      try (FileChannel copy = unnamed()) {
        copy(from, size, copy, throttle);
        return new FileMapping(copy.map(FileChannel.MapMode.READ_ONLY, 0, size));
      } catch (EOFException shorter) {
        throw shorter;
      } catch (IOException e) {
        LOG.warn(
            "A model's file of {} bytes is copied to memory because it cannot be copied to {}: {}",
            size,
            System.getProperty("java.io.tmpdir"),
            e.toString());
        from.position(0);
        return new FileMapping(load(from, (int) size, throttle));
      }
    }
  }

  /**
   * A file that the system deletes with its last channel and mapping, even if the process is
   * killed.
   */
  private static FileChannel unnamed() throws IOException {
    Path path = Files.createTempFile("tagstream-", ".onnx");
    try {
      return FileChannel.open(
          path,
          StandardOpenOption.READ,
          StandardOpenOption.WRITE,
          StandardOpenOption.DELETE_ON_CLOSE);
    } catch (IOException e) {
      Files.deleteIfExists(path);
      throw e;
    }
  }

  private static void copy(SeekableByteChannel from, long size, FileChannel to, Throttle throttle)
      throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect((int) Math.min(CHUNK, size));
    try {
      for (long left = size; left > 0; left -= chunk.limit()) {
        chunk.clear().limit((int) Math.min(chunk.capacity(), left));
        fill(chunk, from);
        chunk.flip();
        while (chunk.hasRemaining()) {
          to.write(chunk);
        }
        throttle.pause();
      }
    } finally {
      unmap(chunk);
    }
  }

  private static ByteBuffer load(SeekableByteChannel from, int size, Throttle throttle)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(size);
    try {
      for (int end = 0; end < size; ) {
        end = Math.min(end + CHUNK, size);
        fill(bytes.limit(end), from);
        throttle.pause();
      }
      return bytes.flip();
    } catch (Throwable e) {
      unmap(bytes);
      throw e;
    }
  }

  private static void fill(ByteBuffer bytes, SeekableByteChannel from) throws IOException {
    while (bytes.hasRemaining()) {
      if (from.read(bytes) < 0) {
        throw new EOFException("it was truncated while it was read");
      }
    }
  }

  /** A view of the file's bytes from position 0, valid until {@link #close}. */
  public ByteBuffer bytes() {
    return bytes.duplicate();
  }

  /** Frees the memory. Reading a view of it afterwards crashes the JVM. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    unmap(bytes);
  }

  private static void unmap(ByteBuffer bytes) {
    try {
      UNMAP.invokeExact(bytes);
    } catch (Throwable e) {
      LOG.warn(
          "A model's file stays in memory until the garbage collector frees it: {}", e.toString());
    }
  }

  /**
   * The JDK's method to free a buffer, until {@code Arena} of Java 22 replaces it. It is found by
   * name because the compiler warns at every use.
   */
  private static MethodHandle findUnmap() {
    try {
      Class<?> type = Class.forName("sun.misc.Unsafe");
      Field instance = type.getDeclaredField("theUnsafe");
      instance.setAccessible(true);
      return MethodHandles.lookup()
          .findVirtual(type, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
          .bindTo(instance.get(null));
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.warn(
          "Models' files stay in memory until the garbage collector frees them: {}", e.toString());
      return MethodHandles.empty(MethodType.methodType(void.class, ByteBuffer.class));
    }
  }
}
