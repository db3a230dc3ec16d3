package io.tagstream.model.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.Output;
import io.tagstream.model.network.NetworkDescription;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;

/** Runs of a session, on an input and outputs that are allocated once. */
final class SessionForward implements Forward {
  static final String INPUT = "image";
  static final Map<Output, String> OUTPUT_NAMES =
      Map.of(Output.PROBABILITIES, "probabilities", Output.FEATURES, "features");

  /** Crops per run with integers: with 64 the throughput is a tenth lower. */
  private static final int INTEGER_CROPS = 16;

  private final SessionWeights weights;
  private final int crops;
  private final Normalization normalization;
  private final int inputSize;
  private final Map<Output, Integer> widths;

  /** {@code [batch][3][S][S]}. Not a direct buffer of Java, which only the collector frees. */
  private final FloatPointer input;

  private final Map<Output, FloatPointer> outputs;

  SessionForward(SessionWeights weights, int maxBatch) {
    this.weights = weights;
    crops = weights.isQuantized() ? INTEGER_CROPS : maxBatch;
    normalization = new Normalization(weights.bundle().preprocessing());
    NetworkDescription network = weights.bundle().network();
    inputSize = network.inputSize();
    widths = Map.of(Output.PROBABILITIES, network.classes(), Output.FEATURES, network.features());
    input = new FloatPointer((long) maxBatch * normalization.cropBytes());
    outputs =
        Map.of(
            Output.PROBABILITIES,
            new FloatPointer((long) maxBatch * network.classes()),
            Output.FEATURES,
            new FloatPointer((long) maxBatch * network.features()));
  }

  @Override
  public FloatBuffer run(CropBatch batch, Output output) {
    int width = widths.get(output);
    FloatBuffer pixels = input.asBuffer().slice(0, batch.size() * batch.cropBytes());
    FloatBuffer rows = outputs.get(output).asBuffer().slice(0, batch.size() * width);
    for (int crop = 0; crop < batch.size(); crop++) {
      normalization.planar(batch, crop, pixels, crop * batch.cropBytes());
    }
    for (int first = 0; first < batch.size(); first += crops) {
      int size = Math.min(crops, batch.size() - first);
      run(
          output,
          size,
          pixels.slice(first * batch.cropBytes(), size * batch.cropBytes()),
          rows.slice(first * width, size * width));
    }
    return rows;
  }

  private void run(Output output, int size, FloatBuffer pixels, FloatBuffer rows) {
    OrtEnvironment environment = SessionWeights.environment();
    long[] inputShape = {size, NetworkDescription.INPUT_CHANNELS, inputSize, inputSize};
    long[] outputShape = {size, widths.get(output)};
    try (OnnxTensor image = OnnxTensor.createTensor(environment, pixels, inputShape);
        OnnxTensor result = OnnxTensor.createTensor(environment, rows, outputShape)) {
      weights
          .session()
          .run(Map.of(INPUT, image), Set.of(), Map.of(OUTPUT_NAMES.get(output), result))
          .close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed to run the model", e);
    }
  }

  @Override
  public void close() {
    input.close();
    outputs.values().forEach(FloatPointer::close);
  }
}
