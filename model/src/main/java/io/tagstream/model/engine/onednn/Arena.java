package io.tagstream.model.engine.onednn;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;

/** Native objects that live as long as their owner does. */
final class Arena implements AutoCloseable {
  private final Deque<Pointer> pointers = new ArrayDeque<>();

  /** Keeps an object beyond the scope it was made in. */
  <P extends Pointer> P keep(P pointer) {
    pointer.retainReference();
    pointers.push(pointer);
    return pointer;
  }

  /** So many zeros, from the start of a cache line; their pages are there then. */
  FloatPointer allocate(long count) {
    return scoped(
        () -> {
          memory numbers = keep(new memory(OneDnn.shape(memory.format_tag.a, count), OneDnn.cpu()));
          FloatPointer zeros = new FloatPointer(numbers.get_data_handle()).capacity(count);
          Pointer.memset(zeros, 0, count * Float.BYTES);
          return zeros;
        });
  }

  /** Frees the native objects that are made meanwhile and that nobody keeps. */
  static <T> T scoped(Supplier<T> work) {
    PointerScope scope = new PointerScope();
    try {
      return work.get();
    } finally {
      scope.close();
    }
  }

  /** The same for work without a result. */
  static void scoped(Runnable work) {
    scoped(
        () -> {
          work.run();
          return null;
        });
  }

  @Override
  public void close() {
    while (!pointers.isEmpty()) {
      pointers.pop().close();
    }
  }
}
