package io.tagstream.model.engine.onednn;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;

/**
 * The working memory of a pass's primitives, which use it in turn; as large as the largest request.
 * The library's own scratchpad is bound to the thread that creates a primitive, but a pass may run
 * in another thread.
 */
final class Scratchpad implements AutoCloseable {
  private final Arena users = new Arena();
  private final List<memory> views = new ArrayList<>();
  private Arena space = new Arena();
  private FloatPointer numbers = new FloatPointer();

  /** The working memory for one primitive. It is valid also after the memory has grown. */
  memory of(memory.desc shape) {
    long count = (shape.get_size() + Float.BYTES - 1) / Float.BYTES;
    if (count > numbers.capacity()) {
      grow(count);
    }
    memory view = users.keep(OneDnn.view(shape, numbers));
    views.add(view);
    return view;
  }

  private void grow(long count) {
    Arena larger = new Arena();
    numbers = larger.allocate(count);
    views.forEach(view -> view.set_data_handle(numbers));
    space.close();
    space = larger;
  }

  @Override
  public void close() {
    users.close();
    space.close();
  }
}
