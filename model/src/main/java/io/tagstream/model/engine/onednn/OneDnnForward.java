package io.tagstream.model.engine.onednn;

import static io.tagstream.model.engine.onednn.OneDnnWeights.CHUNK;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Output;
import io.tagstream.model.engine.Processors;
import io.tagstream.model.engine.nd4j.OpenMp;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.inner_product_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.softmax_forward;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A forward pass of oneDNN primitives, executed one after the other. The convolutions run in
 * chunks, so that a layer's output is still in the cache when the next layer reads it. The dense
 * layers run once for the whole batch, because most of their time goes into reading the weights.
 */
final class OneDnnForward implements Forward {
  private final OneDnnWeights weights;
  private final NetworkDescription network;
  private final Arena arena = new Arena();
  private final stream order = arena.keep(new stream(OneDnn.cpu()));
  private final Scratchpad scratchpad = new Scratchpad();

  /** A chunk's crops, then the maps of every second primitive. */
  private final FloatPointer crops;

  /** The maps of the other primitives. */
  private final FloatPointer maps;

  /** The convolutions' output for the batch, {@code [batch][channels * side * side]}. */
  private final FloatPointer rows;

  private final int rowLength;

  /** By dense layer, {@code [batch][units]}. */
  private final List<FloatPointer> activations = new ArrayList<>();

  private final FloatPointer probabilities;

  private final Map<Plan, ChunkPrimitives> chunkPrimitives = new HashMap<>();
  private final Map<Plan, DensePrimitives> densePrimitives = new HashMap<>();

  /** The sizes for which the library generates code. */
  private record Plan(int crops, int threads) {}

  /** The convolutions, and the rows that their last primitive writes. */
  private record ChunkPrimitives(Primitives primitives, memory rows) {}

  /** The dense layers up to the features, and the rest up to the softmax. */
  private record DensePrimitives(Primitives features, Primitives rest) {}

  OneDnnForward(OneDnnWeights weights, int maxBatch) {
    this.weights = weights;
    this.network = weights.network();
    int side = network.inputSize();
    int channels = NetworkDescription.INPUT_CHANNELS;
    long largest = (long) channels * side * side;
    for (Convolution layer : network.convolutions()) {
      channels = layer.channels();
      int convolved = layer.convolvedSide(side);
      largest = Math.max(largest, (long) channels * convolved * convolved);
      side = layer.outputSide(side);
    }
    rowLength = Math.toIntExact((long) channels * side * side);
    int chunk = Math.min(CHUNK, maxBatch);
    long batch = denseRows(maxBatch);
    try {
      crops = arena.allocate(chunk * largest);
      maps = arena.allocate(chunk * largest);
      rows = arena.allocate(batch * rowLength);
      for (Dense layer : network.dense()) {
        activations.add(arena.allocate(batch * layer.units()));
      }
      probabilities = arena.allocate(batch * network.classes());
      // Generate the code for full batches now, not at the first one.
      OpenMp.useThreads(weights.threads());
      chunk(new Plan(chunk, weights.threads()));
      dense(new Plan(denseRows(maxBatch), weights.threads()));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * The number of rows that the dense layers compute; the surplus rows are ignored. A few more rows
   * cost less than generating code for every batch size.
   */
  private static int denseRows(int crops) {
    return crops < CHUNK ? crops : (crops + CHUNK - 1) / CHUNK * CHUNK;
  }

  @Override
  public FloatBuffer run(CropBatch batch, Output output) {
    int threads = Processors.share(weights.threads());
    OpenMp.useThreads(threads);
    for (int first = 0; first < batch.size(); first += CHUNK) {
      int size = Math.min(CHUNK, batch.size() - first);
      weights.normalization().interleaved(batch, first, size, crops.asBuffer());
      ChunkPrimitives chunk = chunk(new Plan(size, threads));
      try (FloatPointer place = rows.getPointer((long) first * rowLength)) {
        chunk.rows().set_data_handle(place);
      }
      chunk.primitives().run();
    }
    DensePrimitives dense = dense(new Plan(denseRows(batch.size()), threads));
    dense.features().run();
    if (output == Output.FEATURES) {
      return activations.get(activations.size() - 2).asBuffer();
    }
    dense.rest().run();
    return probabilities.asBuffer();
  }

  private ChunkPrimitives chunk(Plan plan) {
    return chunkPrimitives.computeIfAbsent(plan, any -> chunkPrimitives(plan.crops()));
  }

  private DensePrimitives dense(Plan plan) {
    return densePrimitives.computeIfAbsent(plan, any -> densePrimitives(plan.crops()));
  }

  private ChunkPrimitives chunkPrimitives(int size) {
    return Arena.scoped(
        () -> {
          Primitives primitives = new Primitives(arena, scratchpad, order);
          memory written =
              new ConvolutionPrimitives(weights, primitives, size, crops, maps).addAll(arena, rows);
          return new ChunkPrimitives(primitives, written);
        });
  }

  private DensePrimitives densePrimitives(int size) {
    return Arena.scoped(
        () -> {
          Primitives features = new Primitives(arena, scratchpad, order);
          Primitives rest = new Primitives(arena, scratchpad, order);
          FloatPointer from = rows;
          int inputs = rowLength;
          for (int i = 0; i < activations.size(); i++) {
            Dense layer = network.dense().get(i);
            FloatPointer to = activations.get(i);
            add(i < activations.size() - 1 ? features : rest, layer, size, inputs, from, to);
            from = to;
            inputs = layer.units();
          }
          addSoftmax(rest, size, from);
          return new DensePrimitives(features, rest);
        });
  }

  private void add(
      Primitives primitives,
      Dense layer,
      int size,
      int inputs,
      FloatPointer from,
      FloatPointer to) {
    memory matrix = weights.matrix(layer);
    inner_product_forward.primitive_desc description =
        OneDnnWeights.product(size, inputs, layer.units(), layer.activation(), matrix.get_desc());
    primitives.add(
        description,
        new inner_product_forward(description),
        OneDnn.view(description.src_desc(), from),
        matrix,
        OneDnn.view(description.bias_desc(), weights.bias(layer.name(), 0)),
        OneDnn.view(description.dst_desc(), to));
  }

  private void addSoftmax(Primitives primitives, int size, FloatPointer logits) {
    memory.desc shape = OneDnn.shape(memory.format_tag.ab, size, network.classes());
    softmax_forward.primitive_desc description =
        new softmax_forward.primitive_desc(
            new softmax_forward.desc(dnnl_forward_inference, shape, 1),
            OneDnn.attributes(),
            OneDnn.cpu());
    primitives.add(
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
