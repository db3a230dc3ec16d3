package io.tagstream.model.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_relu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_tanh;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;

import io.tagstream.model.network.Activation;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all uses of the library share. */
final class OneDnn {
  /**
   * Of a ReLU below zero, far less than rounding takes: with a slope the library keeps NaN, of
   * which it makes 0 without, and a sum that overflowed would not show in any answer.
   */
  static final float SLOPE = 1e-10f;

  private static final Logger LOG = LoggerFactory.getLogger(OneDnn.class);

  private OneDnn() {}

  /** The processor, as the library's engine; stays, as the library does. */
  private static final class Cpu {
    static final engine ENGINE = new engine(engine.kind.cpu.value, 0).retainReference();
  }

  private static final class Usable {
    static final boolean HERE = isInBuild() && loads();

    private static boolean isInBuild() {
      return OneDnn.class.getResource(
              "/org/bytedeco/dnnl/%s/%s"
                  .formatted(Loader.getPlatform(), System.mapLibraryName("jnidnnl")))
          != null;
    }

    private static boolean loads() {
      try {
        return !Cpu.ENGINE.isNull();
      } catch (LinkageError e) {
        LOG.warn("oneDNN does not load; ND4J's ops compute, which is slower", e);
        return false;
      }
    }
  }

  /** Whether its native code is in the build and runs on this machine. */
  static boolean isUsable() {
    return Usable.HERE;
  }

  static engine cpu() {
    return Cpu.ENGINE;
  }

  static LongPointer dims(long... dims) {
    return new LongPointer(dims);
  }

  /** Numbers in a layout that the library chooses. */
  static memory.desc any(long... dims) {
    return shape(memory.format_tag.any, dims);
  }

  static memory.desc shape(memory.format_tag layout, long... dims) {
    return new memory.desc(dims(dims), memory.data_type.f32, layout);
  }

  /** Numbers in memory that somebody else holds. */
  static memory view(memory.desc shape, Pointer numbers) {
    return new memory(shape, cpu(), numbers);
  }

  /**
   * Attributes of a primitive: an activation on its output, and a scratchpad that we give it.
   *
   * @param slope of a ReLU below zero
   */
  static primitive_attr attributes(Activation activation, float slope) {
    primitive_attr attributes = attributes();
    post_ops ops = new post_ops();
    switch (activation) {
      case RELU -> ops.append_eltwise(1, dnnl_eltwise_relu, slope, 0);
      case TANH -> ops.append_eltwise(1, dnnl_eltwise_tanh, 0, 0);
      case IDENTITY -> {}
    }
    attributes.set_post_ops(ops);
    return attributes;
  }

  static primitive_attr attributes() {
    primitive_attr attributes = new primitive_attr();
    attributes.set_scratchpad_mode(dnnl_scratchpad_mode_user);
    return attributes;
  }

  /** Copies numbers from one layout into another, at once. */
  static void copy(memory from, memory to) {
    Arena.scoped(
        () -> {
          stream order = new stream(cpu());
          new reorder(from, to).execute(order, from, to);
          order._wait();
        });
  }
}
