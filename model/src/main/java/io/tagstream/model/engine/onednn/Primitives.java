package io.tagstream.model.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;

/** Primitives with their arguments bound, run one after the other. */
final class Primitives {
  private final Arena arena;
  private final Scratchpad scratchpad;
  private final stream order;
  private final List<Bound> primitives = new ArrayList<>();

  private record Bound(primitive code, IntMemoryMap arguments) {}

  Primitives(Arena arena, Scratchpad scratchpad, stream order) {
    this.arena = arena;
    this.scratchpad = scratchpad;
    this.order = order;
  }

  void run() {
    for (Bound bound : primitives) {
      bound.code().execute(order, bound.arguments());
    }
    order._wait();
  }

  void add(primitive_desc_base description, primitive code, memory from, memory to) {
    addBound(description, code, from, to);
  }

  void add(
      primitive_desc_base description,
      primitive code,
      memory from,
      memory weights,
      memory bias,
      memory to) {
    IntMemoryMap arguments = addBound(description, code, from, to);
    arguments.put(DNNL_ARG_WEIGHTS, weights);
    arguments.put(DNNL_ARG_BIAS, bias);
  }

  /** Copies numbers into another layout. */
  void addCopy(memory from, memory to) {
    reorder.primitive_desc description =
        new reorder.primitive_desc(from, to, OneDnn.attributes(), false);
    add(description, new reorder(description), from, to);
  }

  private IntMemoryMap addBound(
      primitive_desc_base description, primitive code, memory from, memory to) {
    IntMemoryMap arguments = arena.keep(new IntMemoryMap());
    arguments.put(DNNL_ARG_SRC, from);
    arguments.put(DNNL_ARG_DST, to);
    arguments.put(DNNL_ARG_SCRATCHPAD, scratchpad.of(description.scratchpad_desc()));
    primitives.add(new Bound(arena.keep(code), arguments));
    return arguments;
  }
}
