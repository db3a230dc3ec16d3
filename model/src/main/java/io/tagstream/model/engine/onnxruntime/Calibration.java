package io.tagstream.model.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Normalization;
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
 * Watches a model answer pictures, to know between which numbers its activations lie: from the
 * least to the greatest one seen. Not thread-safe.
 */
public final class Calibration implements AutoCloseable {
  private static final String PROBABILITIES = "probabilities";

  private final ModelBundle bundle;
  private final Normalization normalization;
  private final List<String> activations;
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
   * @param maxBatch crops per call at most
   * @throws ModelException when ONNX Runtime refuses the file
   */
  public Calibration(ModelBundle bundle, int threads, int maxBatch) {
    this.bundle = bundle;
    normalization = new Normalization(bundle.preprocessing());
    activations = OnnxWriter.activations(bundle.network());
    input = new FloatPointer((long) maxBatch * normalization.cropBytes());
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      List<String> computed = activations.subList(1, activations.size());
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
   * The mean probabilities over each picture's crops, whose activations are noted.
   *
   * @param pictures one array a picture, {@code [views][S][S][3]} RGB bytes
   * @return {@code [pictures][classes]}
   * @throws ModelException when an activation is infinite or not a number
   */
  public float[][] watch(List<byte[]> pictures, int views) {
    CropBatch batch = new CropBatch(pictures, views, normalization.cropBytes());
    FloatBuffer pixels = input.asBuffer().slice(0, batch.size() * batch.cropBytes());
    for (int crop = 0; crop < batch.size(); crop++) {
      normalization.planar(batch, crop, pixels, crop * batch.cropBytes());
    }
    note(activations.get(0), pixels);
    OrtEnvironment environment = SessionWeights.environment();
    int side = bundle.network().inputSize();
    long[] shape = {batch.size(), NetworkDescription.INPUT_CHANNELS, side, side};
    Set<String> outputs = new LinkedHashSet<>(activations.subList(1, activations.size()));
    outputs.add(PROBABILITIES);
    float[][] means = new float[pictures.size()][bundle.network().classes()];
    try (OnnxTensor image = OnnxTensor.createTensor(environment, pixels, shape);
        OrtSession.Result result = session.run(Map.of(activations.get(0), image), outputs)) {
      for (Map.Entry<String, OnnxValue> output : result) {
        FloatBuffer numbers = ((OnnxTensor) output.getValue()).getFloatBuffer();
        if (output.getKey().equals(PROBABILITIES)) {
          for (int crop = 0; crop < batch.size(); crop++) {
            float[] mean = means[crop / views];
            for (int i = 0; i < mean.length; i++) {
              mean[i] += numbers.get() / views;
            }
          }
        } else {
          note(output.getKey(), numbers);
        }
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed to run the model", e);
    }
    return means;
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

  /** The scales that fit what was seen; none before the first picture. */
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
