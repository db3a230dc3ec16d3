package io.tagstream.model.onnx;

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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file in memory that can be given back. Java 17 gives a mapping back when the garbage collector
 * comes by, which in a quiet process is hours later; until then a model's pages count as resident.
 */
public final class FileMapping implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FileMapping.class);

  /** {@code void (ByteBuffer)}. */
  private static final MethodHandle UNMAP = findUnmap();

  private final ByteBuffer bytes;
  private boolean closed;

  private FileMapping(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /**
   * Maps a file; one of a file system that cannot be mapped, an object store's, is read.
   *
   * @throws IOException also when it is empty or larger than ONNX allows; the message says so
   *     without the file's name
   */
  public static FileMapping of(Path file) throws IOException {
    long size = Files.size(file);
    if (size == 0) {
      throw new IOException("it is empty");
    }
    if (size > Integer.MAX_VALUE) {
      throw new IOException("it is larger than 2 GiB, which ONNX does not allow");
    }
    try (FileChannel channel = FileChannel.open(file)) {
      return new FileMapping(channel.map(FileChannel.MapMode.READ_ONLY, 0, size));
    } catch (UnsupportedOperationException noMapping) {
      return new FileMapping(load(file, (int) size));
    }
  }

  private static ByteBuffer load(Path file, int size) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(size);
    try (SeekableByteChannel channel = Files.newByteChannel(file)) {
      while (bytes.hasRemaining()) {
        if (channel.read(bytes) < 0) {
          throw new EOFException("it became shorter while it was read");
        }
      }
    }
    return bytes.flip();
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
