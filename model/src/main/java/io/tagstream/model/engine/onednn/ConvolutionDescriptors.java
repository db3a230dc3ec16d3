package io.tagstream.model.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_winograd;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;

import io.tagstream.model.network.Convolution;
import java.util.Optional;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.memory;

/** Primitive descriptors for the two ways to compute a convolution with its activation. */
final class ConvolutionDescriptors {

  /** Fewer crops gain little from it; and the golden images must show an overflow. */
  private static final int CROPS_FOR_WINOGRAD = 8;

  /** Channels in a block of the layout that Winograd's code needs. */
  private static final int BLOCK = 16;

  private ConvolutionDescriptors() {}

  /** The layout of the maps between two primitives: {@code [crops][side][side][channels]}. */
  static memory.desc maps(int crops, int channels, int side) {
    return OneDnn.shape(memory.format_tag.nhwc, crops, channels, side, side);
  }

  /**
   * The direct algorithm, for all groups at once.
   *
   * @param inputs channels of the input
   * @param side of the input, in pixels
   */
  static convolution_forward.primitive_desc direct(
      Convolution layer, int crops, int inputs, int side) {
    long groups = layer.groups();
    return description(
        layer,
        dnnl_convolution_direct,
        false,
        OneDnn.NEGATIVE_SLOPE,
        maps(crops, inputs, side),
        OneDnn.any(
            groups, layer.channels() / groups, inputs / groups, layer.kernel(), layer.kernel()),
        layer.channels(),
        maps(crops, layer.channels(), layer.convolvedSide(side)));
  }

  /**
   * Winograd's algorithm, which needs fewer multiplications, for one group of a layer with kernels
   * of 3 x 3: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv
   * 1509.09308.
   *
   * @param inputs channels of the input, of all groups
   * @param side of the input, in pixels
   * @return empty if the layer, the number of crops or the processor (it needs AVX-512) is
   *     unsuitable
   */
  static Optional<convolution_forward.primitive_desc> winograd(
      Convolution layer, int crops, int inputs, int side) {
    int from = inputs / layer.groups();
    int to = layer.channels() / layer.groups();
    if (crops < CROPS_FOR_WINOGRAD
        || layer.kernel() != 3
        || layer.stride() != 1
        || from % BLOCK != 0
        || to % BLOCK != 0) {
      return Optional.empty();
    }
    int outputSide = layer.convolvedSide(side);
    return Optional.of(
            description(
                layer,
                dnnl_convolution_winograd,
                true,
                0,
                OneDnn.any(crops, from, side, side),
                OneDnn.any(to, from, layer.kernel(), layer.kernel()),
                to,
                OneDnn.any(crops, to, outputSide, outputSide)))
        .filter(convolution_forward.primitive_desc::asBoolean);
  }

  private static convolution_forward.primitive_desc description(
      Convolution layer,
      int algorithm,
      boolean mayBeMissing,
      float slope,
      memory.desc input,
      memory.desc kernels,
      long channels,
      memory.desc output) {
    int stride = layer.stride();
    int padding = layer.padding();
    return new convolution_forward.primitive_desc(
        new convolution_forward.desc(
            dnnl_forward_inference,
            algorithm,
            input,
            kernels,
            OneDnn.any(channels),
            output,
            OneDnn.dims(stride, stride),
            OneDnn.dims(padding, padding),
            OneDnn.dims(padding, padding)),
        OneDnn.attributes(layer.activation(), slope),
        OneDnn.cpu(),
        mayBeMissing);
  }
}
