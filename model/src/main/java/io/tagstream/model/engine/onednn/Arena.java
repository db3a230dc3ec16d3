package io.tagstream.model.engine.onednn;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;

/** Native objects that live until the arena is closed. */
final class Arena implements AutoCloseable {
  private final Deque<Pointer> pointers = new ArrayDeque<>();

  /** Keeps an object beyond the {@link #scoped} call that created it. */
  <P extends Pointer> P keep(P pointer) {
    pointer.retainReference();
    pointers.push(pointer);
    return pointer;
  }

  /** Allocates zeros, aligned to a cache line. Writing them also makes their pages resident. */
  FloatPointer allocate(long count) {
    return scoped(
        () -> {
          memory numbers = keep(new memory(OneDnn.shape(memory.format_tag.a, count), OneDnn.cpu()));
          FloatPointer zeros = new FloatPointer(numbers.get_data_handle()).capacity(count);
          Pointer.memset(zeros, 0, count * Float.BYTES);
          return zeros;
        });
  }

  /** Runs work, then frees the native objects that it created and did not {@link #keep}. */
  static <T> T scoped(Supplier<T> work) {
    PointerScope scope = new PointerScope();
    try {
      return work.get();
    } finally {
      scope.close();
    }
  }

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
