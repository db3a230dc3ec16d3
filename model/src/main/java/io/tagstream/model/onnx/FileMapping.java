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
 * A private copy of a file in memory that can be given back. Java 17 gives a mapping back when the
 * garbage collector comes by, which in a quiet process is hours later; until then a model's pages
 * count as resident.
 *
 * <p>A copy, because a mapped file that somebody makes shorter ends the process with SIGBUS at the
 * next look, and one that somebody writes to changes what was checked. It lies in a file of the
 * temporary folder that has no name any more: its pages are the kernel's to drop and to read again,
 * where memory of our own would stay for good under the allocator's settings that engines like.
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
   * Copies a file and maps the copy. Where the temporary folder has no room, the copy is in memory.
   *
   * @param throttle asked for pauses
   * @throws IOException also when it is no regular file, empty or larger than ONNX allows; the
   *     message says so without the file's name
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
            "A model's file is copied to memory, {} bytes, and not to {}: {}",
            size,
            System.getProperty("java.io.tmpdir"),
            e.toString());
        from.position(0);
        return new FileMapping(load(from, (int) size, throttle));
      }
    }
  }

  /** A file that is gone when its channel and its mappings are, whatever becomes of the process. */
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
        throw new EOFException("it became shorter while it was read");
      }
    }
  }

  /**
   * The file's bytes, without a position of their own; they keep the mapping until it is closed.
   */
  public ByteBuffer bytes() {
    return bytes.duplicate();
  }

  /** Gives the memory back. A view of it that is read afterwards brings the JVM down. */
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
          "A model's file stays in memory until the garbage collector finds it: {}", e.toString());
    }
  }

  /**
   * What Java has for this until its {@code Arena} of Java 22. Found by name, since a compiler for
   * Java 17 warns of every mention.
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
          "Models' files stay in memory until the garbage collector finds them: {}", e.toString());
      return MethodHandles.empty(MethodType.methodType(void.class, ByteBuffer.class));
    }
  }
}
