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

/** Access to oneDNN that all classes here share. */
final class OneDnn {
  /**
   * The slope of a ReLU below zero, far smaller than a rounding error. With a slope the library
   * preserves NaN; without one it replaces NaN by 0, which would hide an overflow from the
   * probabilities.
   */
  static final float NEGATIVE_SLOPE = 1e-10f;

  private static final Logger LOG = LoggerFactory.getLogger(OneDnn.class);

  private OneDnn() {}

  /** The library's engine for the CPU; it lives as long as the process. */
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
        LOG.warn(
            "oneDNN cannot be loaded; deeplearning4j computes with ND4J's ops, which are slower",
            e);
        return false;
      }
    }
  }

  /** Whether the build contains oneDNN's native code and this machine can load it. */
  static boolean isUsable() {
    return Usable.HERE;
  }

  static engine cpu() {
    return Cpu.ENGINE;
  }

  static LongPointer dims(long... dims) {
    return new LongPointer(dims);
  }

  /** A shape whose layout the library chooses. */
  static memory.desc any(long... dims) {
    return shape(memory.format_tag.any, dims);
  }

  static memory.desc shape(memory.format_tag layout, long... dims) {
    return new memory.desc(dims(dims), memory.data_type.f32, layout);
  }

  /** A view of numbers in memory that the caller owns. */
  static memory view(memory.desc shape, Pointer numbers) {
    return new memory(shape, cpu(), numbers);
  }

  /**
   * Attributes of a primitive: an activation of its output, and a scratchpad that the caller
   * provides.
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

  /** Copies numbers from one layout to another, and waits for the copy. */
  static void copy(memory from, memory to) {
    Arena.scoped(
        () -> {
          stream order = new stream(cpu());
          new reorder(from, to).execute(order, from, to);
          order._wait();
        });
  }
}
