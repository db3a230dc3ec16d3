package io.tagstream.model.engine.onednn;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;

/**
 * What the steps of a pass compute in, one after the other: as large as the one that needs most.
 * The library's own is bound to the thread that makes a primitive, and a pass may run in another.
 */
final class Scratchpad implements AutoCloseable {
  private final Arena users = new Arena();
  private final List<memory> views = new ArrayList<>();
  private Arena space = new Arena();
  private FloatPointer numbers = new FloatPointer();

  /** The beginning of it, for a step. */
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
