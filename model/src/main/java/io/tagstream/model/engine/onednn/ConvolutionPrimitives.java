package io.tagstream.model.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_lrn_across_channels;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_max;

import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import java.util.Optional;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.lrn_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_forward;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;

/**
 * Adds the primitives of the convolutions, and of the layers that follow each, for a number of
 * crops. To be used within {@link Arena#scoped}.
 */
final class ConvolutionPrimitives {
  private final OneDnnWeights weights;
  private final Primitives primitives;
  private final int crops;

  /** The maps that the next primitive reads. */
  private FloatPointer from;

  /** The memory that the next primitive writes. */
  private FloatPointer to;

  /** Of the maps that the next primitive reads. */
  private int channels = NetworkDescription.INPUT_CHANNELS;

  private int side;

  /**
   * @param input the crops, {@code [crops][side][side][3]}; a pass overwrites them
   * @param other holds the largest maps between two primitives, as must the input's memory
   */
  ConvolutionPrimitives(
      OneDnnWeights weights,
      Primitives primitives,
      int crops,
      FloatPointer input,
      FloatPointer other) {
    this.weights = weights;
    this.primitives = primitives;
    this.crops = crops;
    this.side = weights.network().inputSize();
    this.from = input;
    this.to = other;
  }

  /**
   * Adds all layers.
   *
   * @param rows receives the output
   * @return the output, {@code [crops][channels][side][side]}, in the order of the dense layers'
   *     inputs; its address may be set before each run
   */
  memory addAll(Arena arena, FloatPointer rows) {
    for (Convolution layer : weights.network().convolutions()) {
      addSums(layer);
      layer.normalization().ifPresent(this::addNormalization);
      layer.pool().ifPresent(this::addPool);
    }
    memory.desc shape = OneDnn.shape(memory.format_tag.nchw, crops, channels, side, side);
    memory written = arena.keep(OneDnn.view(shape, rows));
    primitives.addCopy(OneDnn.view(maps(), from), written);
    return written;
  }

  private void addSums(Convolution layer) {
    Optional<convolution_forward.primitive_desc> winograd =
        ConvolutionDescriptors.winograd(layer, crops, channels, side)
            .filter(description -> weights.hasKernels(layer, description.weights_desc()));
    if (winograd.isPresent()) {
      addGroups(layer, winograd.get());
    } else {
      convolution_forward.primitive_desc direct =
          ConvolutionDescriptors.direct(layer, crops, channels, side);
      primitives.add(
          direct,
          new convolution_forward(direct),
          OneDnn.view(direct.src_desc(), from),
          weights.kernels(layer, direct.weights_desc()),
          bias(layer, direct, 0),
          OneDnn.view(direct.dst_desc(), to));
    }
    swap();
    channels = layer.channels();
    side = layer.convolvedSide(side);
  }

  /**
   * Gathers each group's channels in the blocked layout that Winograd's code needs, and puts them
   * back.
   */
  private void addGroups(Convolution layer, convolution_forward.primitive_desc description) {
    int groups = layer.groups();
    int outputs = layer.channels() / groups;
    memory.desc input = description.src_desc();
    memory.desc output = description.dst_desc();
    memory.desc sums =
        ConvolutionDescriptors.maps(crops, layer.channels(), layer.convolvedSide(side));
    for (int group = 0; group < groups; group++) {
      primitives.addCopy(channelsOf(maps(), from, group, groups), part(input, to, group));
    }
    for (int group = 0; group < groups; group++) {
      primitives.add(
          description,
          new convolution_forward(description),
          part(input, to, group),
          weights.kernels(layer, group),
          bias(layer, description, group * outputs),
          part(output, from, group));
    }
    for (int group = 0; group < groups; group++) {
      primitives.addCopy(part(output, from, group), channelsOf(sums, to, group, groups));
    }
  }

  /** The numbers of one group; the groups lie one after the other. */
  private static memory part(memory.desc shape, FloatPointer all, int group) {
    return OneDnn.view(shape, all.getPointer(group * shape.get_size() / Float.BYTES));
  }

  /** A view of a group's channels in the maps of all groups. */
  private static memory channelsOf(memory.desc maps, FloatPointer all, int group, int groups) {
    LongPointer dims = maps.dims();
    long count = dims.get(1) / groups;
    return OneDnn.view(
        maps.submemory_desc(
            OneDnn.dims(dims.get(0), count, dims.get(2), dims.get(3)),
            OneDnn.dims(0, group * count, 0, 0)),
        all);
  }

  private memory bias(
      Convolution layer, convolution_forward.primitive_desc description, int first) {
    return OneDnn.view(description.bias_desc(), weights.bias(layer.name(), first));
  }

  /**
   * oneDNN divides alpha by the size; the paper does not. Parts of the channels that are normalised
   * separately are presented to it as more positions.
   */
  private void addNormalization(LocalResponseNormalization lrn) {
    int parts = lrn.scope().parts();
    memory.desc maps =
        OneDnn.shape(memory.format_tag.nhwc, crops, channels / parts, side, (long) side * parts);
    lrn_forward.primitive_desc description =
        new lrn_forward.primitive_desc(
            new lrn_forward.desc(
                dnnl_forward_inference,
                dnnl_lrn_across_channels,
                maps,
                lrn.size(),
                (float) (lrn.alpha() * lrn.size()),
                (float) lrn.beta(),
                (float) lrn.k()),
            OneDnn.attributes(),
            OneDnn.cpu());
    primitives.add(
        description, new lrn_forward(description), OneDnn.view(maps, from), OneDnn.view(maps, to));
    swap();
  }

  private void addPool(MaxPool pool) {
    memory.desc pooled = ConvolutionDescriptors.maps(crops, channels, pool.outputSide(side));
    pooling_forward.primitive_desc description =
        new pooling_forward.primitive_desc(
            new pooling_forward.desc(
                dnnl_forward_inference,
                dnnl_pooling_max,
                maps(),
                pooled,
                OneDnn.dims(pool.stride(), pool.stride()),
                OneDnn.dims(pool.size(), pool.size()),
                OneDnn.dims(0, 0),
                OneDnn.dims(pool.endPadding(), pool.endPadding())),
            OneDnn.attributes(),
            OneDnn.cpu());
    primitives.add(
        description,
        new pooling_forward(description),
        OneDnn.view(maps(), from),
        OneDnn.view(pooled, to));
    swap();
    side = pool.outputSide(side);
  }

  private memory.desc maps() {
    return ConvolutionDescriptors.maps(crops, channels, side);
  }

  private void swap() {
    FloatPointer read = from;
    from = to;
    to = read;
  }
}
