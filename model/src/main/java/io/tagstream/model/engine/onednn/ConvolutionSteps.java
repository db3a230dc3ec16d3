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

/** The convolutions of so many crops, with what follows each, in a {@link Arena#scoped scope}. */
final class ConvolutionSteps {
  private final OneDnnWeights weights;
  private final Steps steps;
  private final int crops;

  /** Where the maps are that the next step reads, and where it writes. */
  private FloatPointer from;

  private FloatPointer to;

  /** Of the maps that the next step reads. */
  private int channels = NetworkDescription.INPUT_CHANNELS;

  private int side;

  /**
   * @param input the crops, {@code [crops][side][side][3]}, in memory that is overwritten later
   * @param other as large as the largest maps between two steps, like the input's memory
   */
  ConvolutionSteps(
      OneDnnWeights weights, Steps steps, int crops, FloatPointer input, FloatPointer other) {
    this.weights = weights;
    this.steps = steps;
    this.crops = crops;
    this.side = weights.network().inputSize();
    this.from = input;
    this.to = other;
  }

  /**
   * Adds all layers.
   *
   * @param rows for what the last step writes
   * @return that, {@code [crops][channels][side][side]}, the order of the dense layers' inputs; its
   *     place may be set anew before each run
   */
  memory addAll(Arena arena, FloatPointer rows) {
    for (Convolution layer : weights.network().convolutions()) {
      addSums(layer);
      layer.normalization().ifPresent(this::addNormalization);
      layer.pool().ifPresent(this::addPool);
    }
    memory.desc shape = OneDnn.shape(memory.format_tag.nchw, crops, channels, side, side);
    memory written = arena.keep(OneDnn.view(shape, rows));
    steps.addCopy(OneDnn.view(maps(), from), written);
    return written;
  }

  private void addSums(Convolution layer) {
    Optional<convolution_forward.primitive_desc> winograd =
        Convolutions.winograd(layer, crops, channels, side)
            .filter(description -> weights.hasKernels(layer, description.weights_desc()));
    if (winograd.isPresent()) {
      addGroups(layer, winograd.get());
    } else {
      convolution_forward.primitive_desc direct = Convolutions.direct(layer, crops, channels, side);
      steps.add(
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

  /** Each group's channels are gathered in blocks, as the code for it wants, and put back. */
  private void addGroups(Convolution layer, convolution_forward.primitive_desc description) {
    int groups = layer.groups();
    int outputs = layer.channels() / groups;
    memory.desc input = description.src_desc();
    memory.desc output = description.dst_desc();
    memory.desc sums = Convolutions.maps(crops, layer.channels(), layer.convolvedSide(side));
    for (int group = 0; group < groups; group++) {
      steps.addCopy(channelsOf(maps(), from, group, groups), part(input, to, group));
    }
    for (int group = 0; group < groups; group++) {
      steps.add(
          description,
          new convolution_forward(description),
          part(input, to, group),
          weights.kernels(layer, group),
          bias(layer, description, group * outputs),
          part(output, from, group));
    }
    for (int group = 0; group < groups; group++) {
      steps.addCopy(part(output, from, group), channelsOf(sums, to, group, groups));
    }
  }

  /** The numbers of one group, which lie after those of the groups before. */
  private static memory part(memory.desc shape, FloatPointer all, int group) {
    return OneDnn.view(shape, all.getPointer(group * shape.get_size() / Float.BYTES));
  }

  /** A group's channels of maps, where they are. */
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
   * The library divides alpha by the size, which the paper does not. Parts of the channels that are
   * normalised each by itself are as many more positions to it.
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
    steps.add(
        description, new lrn_forward(description), OneDnn.view(maps, from), OneDnn.view(maps, to));
    swap();
  }

  private void addPool(MaxPool pool) {
    memory.desc pooled = Convolutions.maps(crops, channels, pool.outputSide(side));
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
    steps.add(
        description,
        new pooling_forward(description),
        OneDnn.view(maps(), from),
        OneDnn.view(pooled, to));
    swap();
    side = pool.outputSide(side);
  }

  private memory.desc maps() {
    return Convolutions.maps(crops, channels, side);
  }

  private void swap() {
    FloatPointer read = from;
    from = to;
    to = read;
  }
}
