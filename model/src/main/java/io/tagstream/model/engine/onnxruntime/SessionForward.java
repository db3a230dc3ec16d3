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

/** A run of the session on an input and outputs allocated once. */
final class SessionForward implements Forward {
  static final String INPUT = "image";
  static final Map<Output, String> OUTPUT_NAMES =
      Map.of(Output.PROBABILITIES, "probabilities", Output.FEATURES, "features");

  private final SessionWeights weights;
  private final Normalization normalization;
  private final int inputSize;
  private final Map<Output, Integer> widths;

  /** {@code [batch][3][S][S]}. Not Java's direct buffers, which only the collector frees. */
  private final FloatPointer input;

  private final Map<Output, FloatPointer> outputs;

  SessionForward(SessionWeights weights, int maxBatch) {
    this.weights = weights;
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
    OrtEnvironment environment = SessionWeights.environment();
    long[] inputShape = {batch.size(), NetworkDescription.INPUT_CHANNELS, inputSize, inputSize};
    long[] outputShape = {batch.size(), width};
    try (OnnxTensor image = OnnxTensor.createTensor(environment, pixels, inputShape);
        OnnxTensor result = OnnxTensor.createTensor(environment, rows, outputShape)) {
      weights
          .session()
          .run(Map.of(INPUT, image), Set.of(), Map.of(OUTPUT_NAMES.get(output), result))
          .close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed to run the model", e);
    }
    return rows;
  }

  @Override
  public void close() {
    input.close();
    outputs.values().forEach(FloatPointer::close);
  }
}
