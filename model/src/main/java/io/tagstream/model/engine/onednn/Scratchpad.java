package io.tagstream.model.engine.onednn;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;

/**
 * What the steps of a pass compute in, one after the other: as large as the one that needs most.
 * The library's own is bound to the thread that makes a primitive, and a pass may run in another.
 */
final class Scratchpad {
  private final Arena arena;
  private final List<memory> users = new ArrayList<>();
  private FloatPointer numbers = new FloatPointer();

  Scratchpad(Arena arena) {
    this.arena = arena;
  }

  memory of(memory.desc shape) {
    long count = (shape.get_size() + Float.BYTES - 1) / Float.BYTES;
    if (count > numbers.capacity()) {
      numbers = arena.allocate(count);
      users.forEach(user -> user.set_data_handle(numbers));
    }
    memory user = arena.keep(OneDnn.view(shape, numbers));
    users.add(user);
    return user;
  }
}
