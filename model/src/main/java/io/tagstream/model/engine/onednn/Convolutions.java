package io.tagstream.model.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_winograd;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;

import io.tagstream.model.network.Convolution;
import java.util.Optional;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.memory;

/** The two ways to compute a convolution with its activation, as the library is asked for them. */
final class Convolutions {

  /** With fewer crops there is little to gain, and golden images are to show what overflows. */
  private static final int CROPS_FOR_WINOGRAD = 8;

  /** The channels of a block in the layout that Winograd's code wants. */
  private static final int BLOCK = 16;

  private Convolutions() {}

  /** Maps as they lie between the steps: {@code [crops][side][side][channels]}. */
  static memory.desc maps(int crops, int channels, int side) {
    return OneDnn.shape(memory.format_tag.nhwc, crops, channels, side, side);
  }

  /**
   * All groups at once, product by product.
   *
   * @param inputs channels of the maps that come in
   * @param side theirs, in pixels
   */
  static convolution_forward.primitive_desc direct(
      Convolution layer, int crops, int inputs, int side) {
    long groups = layer.groups();
    return description(
        layer,
        dnnl_convolution_direct,
        false,
        OneDnn.SLOPE,
        maps(crops, inputs, side),
        OneDnn.any(
            groups, layer.channels() / groups, inputs / groups, layer.kernel(), layer.kernel()),
        layer.channels(),
        maps(crops, layer.channels(), layer.convolvedSide(side)));
  }

  /**
   * One group of a layer with kernels of 3 by 3, with fewer products: Lavin and Gray, "Fast
   * Algorithms for Convolutional Neural Networks", arXiv 1509.09308.
   *
   * @param inputs channels of the maps that come in, of all groups
   * @param side theirs, in pixels
   * @return nothing where layer, crops or processor (it must have AVX-512) are not made for it
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
