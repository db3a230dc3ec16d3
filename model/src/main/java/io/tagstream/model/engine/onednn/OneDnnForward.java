package io.tagstream.model.engine.onednn;

import static io.tagstream.model.engine.onednn.OneDnnWeights.CHUNK;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Output;
import io.tagstream.model.engine.Processors;
import io.tagstream.model.engine.nd4j.OpenMp;
import io.tagstream.model.engine.towers.TowerLink;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.DeviceShare;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.inner_product_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.softmax_forward;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A device's pass of oneDNN's primitives executed one after the other. The convolutions run in
 * chunks, so that a layer's output is still in the cache when the next one reads it; the dense
 * layers run once for the whole batch, because their cost is reading the weights.
 */
final class OneDnnForward implements Forward {
  private final OneDnnWeights weights;
  private final DeviceShare share;
  private final Optional<TowerLink> link;
  private final Arena arena = new Arena();
  private final stream order = arena.keep(new stream(OneDnn.cpu()));
  private final Scratchpad scratchpad = new Scratchpad();

  /** Rows that the dense layers have room for. */
  private final long capacity;

  /** A chunk's crops, and later every other step's maps. */
  private final FloatPointer crops;

  /** The maps of the steps between. */
  private final FloatPointer maps;

  /** What the convolutions leave of the batch, {@code [batch][channels * side * side]}. */
  private final FloatPointer rows;

  /** Of {@link #rows}: this device's maps alone. */
  private final int rowLength;

  /** By dense layer, {@code [batch][units]}. */
  private final List<FloatPointer> activations = new ArrayList<>();

  /**
   * What comes into each dense layer, and last the logits: what the device has there, or what both
   * towers have.
   */
  private final List<FloatPointer> inputs = new ArrayList<>();

  private final FloatPointer probabilities;

  private final Map<Plan, ChunkSteps> chunkSteps = new HashMap<>();
  private final Map<Plan, DenseSteps> denseSteps = new HashMap<>();

  /** What the library's code is made for. */
  private record Plan(int crops, int threads) {}

  /** The convolutions, and the rows that their last step writes. */
  private record ChunkSteps(Steps steps, memory rows) {}

  /** The dense layers up to the features, and the rest up to the softmax. */
  private record DenseSteps(Steps features, Steps rest) {}

  OneDnnForward(OneDnnWeights weights, int maxBatch, Optional<TowerLink> link) {
    this.weights = weights;
    this.link = link;
    share = weights.share();
    List<Convolution> convolutions = share.convolutions();
    List<Integer> sides = share.network().sides();
    long largest = 0;
    for (int i = 0; i < convolutions.size(); i++) {
      long input = area(sides.get(i)) * share.inputChannels(i);
      int channels = convolutions.get(i).channels() + share.neighbours(i).orElse(0);
      long sums = area(convolutions.get(i).convolvedSide(sides.get(i))) * channels;
      largest = Math.max(largest, Math.max(input, sums));
    }
    long last = area(sides.get(convolutions.size()));
    rowLength = Math.toIntExact(last * convolutions.get(convolutions.size() - 1).channels());
    int chunk = Math.min(CHUNK, maxBatch);
    capacity = denseRows(maxBatch);
    try {
      crops = arena.allocate(chunk * largest);
      maps = arena.allocate(chunk * largest);
      rows = arena.allocate(capacity * rowLength);
      inputs.add(share.isTower() ? arena.allocate(capacity * rowLength * share.count()) : rows);
      for (int i = 0; i < share.dense().size(); i++) {
        FloatPointer own = arena.allocate(capacity * share.dense().get(i).units());
        activations.add(own);
        inputs.add(
            share.isTower()
                ? arena.allocate(capacity * share.network().dense().get(i).units())
                : own);
      }
      probabilities = arena.allocate(capacity * share.network().classes());
      // Whole batches are not to wait for their code.
      OpenMp.useThreads(weights.threads());
      chunk(new Plan(chunk, weights.threads()));
      dense(new Plan(denseRows(maxBatch), weights.threads()));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private static long area(int side) {
    return (long) side * side;
  }

  /**
   * With how many rows the dense layers run, the last ones of no meaning: one or two more cost less
   * than code for each size there is.
   */
  private static int denseRows(int crops) {
    return crops < CHUNK ? crops : (crops + CHUNK - 1) / CHUNK * CHUNK;
  }

  @Override
  public FloatBuffer run(CropBatch batch, Output output) {
    return run(batch, output, Processors.share(weights.threads()));
  }

  /** The same with so many threads. */
  FloatBuffer run(CropBatch batch, Output output, int threads) {
    OpenMp.useThreads(threads);
    for (int first = 0; first < batch.size(); first += CHUNK) {
      int size = Math.min(CHUNK, batch.size() - first);
      weights.normalization().interleaved(batch, first, size, crops.asBuffer());
      ChunkSteps chunk = chunk(new Plan(size, threads));
      try (FloatPointer place = rows.getPointer((long) first * rowLength)) {
        chunk.rows().set_data_handle(place);
      }
      chunk.steps().run();
    }
    DenseSteps dense = dense(new Plan(denseRows(batch.size()), threads));
    dense.features().run();
    if (output == Output.FEATURES) {
      return inputs.get(inputs.size() - 2).asBuffer();
    }
    dense.rest().run();
    return probabilities.asBuffer();
  }

  private ChunkSteps chunk(Plan plan) {
    return chunkSteps.computeIfAbsent(plan, any -> chunkSteps(plan.crops()));
  }

  private DenseSteps dense(Plan plan) {
    return denseSteps.computeIfAbsent(plan, any -> denseSteps(plan.crops()));
  }

  private ChunkSteps chunkSteps(int size) {
    return Arena.scoped(
        () -> {
          Steps steps = new Steps(arena, scratchpad, order);
          memory written =
              new ConvolutionSteps(weights, steps, size, crops, maps, link).addAll(arena, rows);
          return new ChunkSteps(steps, written);
        });
  }

  private DenseSteps denseSteps(int size) {
    return Arena.scoped(
        () -> {
          Steps features = new Steps(arena, scratchpad, order);
          Steps rest = new Steps(arena, scratchpad, order);
          List<Dense> layers = share.dense();
          addGathering(features, layers.get(0).name(), size, rows, inputs.get(0));
          for (int i = 0; i < layers.size(); i++) {
            boolean last = i == layers.size() - 1;
            Steps steps = last ? rest : features;
            addProduct(steps, layers.get(i), size, inputs.get(i), activations.get(i));
            String next = last ? "softmax" : layers.get(i + 1).name();
            addGathering(steps, next, size, activations.get(i), inputs.get(i + 1));
          }
          addSoftmax(rest, size, inputs.get(layers.size()));
          return new DenseSteps(features, rest);
        });
  }

  /** Nothing where one device has all. */
  private void addGathering(
      Steps steps, String layer, int size, FloatPointer own, FloatPointer all) {
    if (link.isPresent()) {
      FloatBuffer mine = firstRows(own, size);
      FloatBuffer both = firstRows(all, size);
      steps.add(() -> link.get().gather(layer, size, mine, both));
    }
  }

  /** Of an array that has room for the largest batch. */
  private FloatBuffer firstRows(FloatPointer numbers, int size) {
    long length = numbers.capacity() / capacity;
    return numbers.asBuffer().slice(0, Math.toIntExact(size * length));
  }

  private void addProduct(Steps steps, Dense layer, int size, FloatPointer from, FloatPointer to) {
    memory matrix = weights.matrix(layer);
    int inputs = Math.toIntExact(from.capacity() / capacity);
    inner_product_forward.primitive_desc description =
        OneDnnWeights.product(size, inputs, layer.units(), layer.activation(), matrix.get_desc());
    steps.add(
        description,
        new inner_product_forward(description),
        OneDnn.view(description.src_desc(), from),
        matrix,
        OneDnn.view(description.bias_desc(), weights.bias(layer.name(), 0)),
        OneDnn.view(description.dst_desc(), to));
  }

  private void addSoftmax(Steps steps, int size, FloatPointer logits) {
    memory.desc shape = OneDnn.shape(memory.format_tag.ab, size, share.network().classes());
    softmax_forward.primitive_desc description =
        new softmax_forward.primitive_desc(
            new softmax_forward.desc(dnnl_forward_inference, shape, 1),
            OneDnn.attributes(),
            OneDnn.cpu());
    steps.add(
        description,
        new softmax_forward(description),
        OneDnn.view(shape, logits),
        OneDnn.view(shape, probabilities));
  }

  @Override
  public void close() {
    arena.close();
    scratchpad.close();
  }
}
