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
final class Steps {
  private final Arena arena;
  private final Scratchpad scratchpad;
  private final stream order;
  private final List<Step> steps = new ArrayList<>();

  private record Step(primitive code, IntMemoryMap arguments) {}

  Steps(Arena arena, Scratchpad scratchpad, stream order) {
    this.arena = arena;
    this.scratchpad = scratchpad;
    this.order = order;
  }

  void run() {
    for (Step step : steps) {
      step.code().execute(order, step.arguments());
    }
    order._wait();
  }

  void add(primitive_desc_base description, primitive code, memory from, memory to) {
    addStep(description, code, from, to);
  }

  void add(
      primitive_desc_base description,
      primitive code,
      memory from,
      memory weights,
      memory bias,
      memory to) {
    IntMemoryMap arguments = addStep(description, code, from, to);
    arguments.put(DNNL_ARG_WEIGHTS, weights);
    arguments.put(DNNL_ARG_BIAS, bias);
  }

  /** Copies numbers into another layout. */
  void addCopy(memory from, memory to) {
    reorder.primitive_desc description =
        new reorder.primitive_desc(from, to, OneDnn.attributes(), false);
    add(description, new reorder(description), from, to);
  }

  private IntMemoryMap addStep(
      primitive_desc_base description, primitive code, memory from, memory to) {
    IntMemoryMap arguments = arena.keep(new IntMemoryMap());
    arguments.put(DNNL_ARG_SRC, from);
    arguments.put(DNNL_ARG_DST, to);
    arguments.put(DNNL_ARG_SCRATCHPAD, scratchpad.of(description.scratchpad_desc()));
    steps.add(new Step(arena.keep(code), arguments));
    return arguments;
  }
}
