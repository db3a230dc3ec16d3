package io.tagstream.model.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.Output;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Quantization;
import io.tagstream.model.onnx.OnnxWriter;
import io.tagstream.model.store.ModelBundle;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Forward passes that record the range of each activation, from its smallest to its greatest value.
 */
public final class Calibration implements Forward {
  private final ModelBundle bundle;
  private final Normalization normalization;

  /** The recorded tensors, apart from the input. */
  private final List<String> computed;

  private final Map<String, Range> ranges = new HashMap<>();
  private final FloatPointer input;
  private final OrtSession session;

  private record Range(float min, float max) {
    Range and(Range other) {
      return new Range(Math.min(min, other.min), Math.max(max, other.max));
    }
  }

  /**
   * Opens the model on the CPU.
   *
   * @param maxBatch the most crops per call
   * @throws ModelException if ONNX Runtime refuses the file
   */
  public Calibration(ModelBundle bundle, int threads, int maxBatch) {
    this.bundle = bundle;
    normalization = new Normalization(bundle.preprocessing());
    List<String> activations = OnnxWriter.activations(bundle.network());
    computed = activations.subList(1, activations.size());
    input = new FloatPointer((long) maxBatch * normalization.cropBytes());
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      session =
          SessionWeights.open(
              bundle,
              options,
              model -> NormalizationRewrite.apply(model.withOutputs(computed), bundle.network()));
    } catch (OrtException | IOException e) {
      input.close();
      throw new ModelException(
          "ONNX Runtime cannot open %s: %s".formatted(bundle.onnx(), e.getMessage()), e);
    }
  }

  /**
   * @throws ModelException if an activation is infinite or not a number
   */
  @Override
  public FloatBuffer run(CropBatch batch, Output output) {
    FloatBuffer pixels = input.asBuffer().slice(0, batch.size() * batch.cropBytes());
    for (int crop = 0; crop < batch.size(); crop++) {
      normalization.planar(batch, crop, pixels, crop * batch.cropBytes());
    }
    note(SessionForward.INPUT, pixels);
    String asked = SessionForward.OUTPUT_NAMES.get(output);
    Set<String> outputs = new LinkedHashSet<>(computed);
    outputs.add(asked);
    int side = bundle.network().inputSize();
    long[] shape = {batch.size(), NetworkDescription.INPUT_CHANNELS, side, side};
    try (OnnxTensor image = OnnxTensor.createTensor(SessionWeights.environment(), pixels, shape);
        OrtSession.Result result = session.run(Map.of(SessionForward.INPUT, image), outputs)) {
      for (String tensor : computed) {
        note(tensor, numbers(result, tensor));
      }
      return numbers(result, asked);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed to run the model", e);
    }
  }

  /** A copy of a tensor, which outlives the result. */
  private static FloatBuffer numbers(OrtSession.Result result, String tensor) {
    return ((OnnxTensor) result.get(tensor).orElseThrow()).getFloatBuffer();
  }

  private void note(String activation, FloatBuffer numbers) {
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = numbers.position(); i < numbers.limit(); i++) {
      float number = numbers.get(i);
      min = Math.min(min, number);
      max = Math.max(max, number);
    }
    if (!Float.isFinite(min) || !Float.isFinite(max)) {
      throw new ModelException(
          "model %s cannot compute with integers: tensor %s holds %s"
              .formatted(bundle.version(), activation, Float.isFinite(min) ? max : min));
    }
    ranges.merge(activation, new Range(min, max), Range::and);
  }

  /** The scales that fit the recorded ranges; empty before the first image. */
  public Optional<Quantization> quantization() {
    if (ranges.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Quantization.Scale> scales = new HashMap<>();
    ranges.forEach(
        (activation, range) ->
            scales.put(activation, Quantization.Scale.of(range.min(), range.max())));
    return Optional.of(new Quantization(scales));
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime cannot close its session", e);
    } finally {
      input.close();
    }
  }
}
