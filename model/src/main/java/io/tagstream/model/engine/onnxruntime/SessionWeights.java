package io.tagstream.model.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.tagstream.model.ModelException;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Gpu;
import io.tagstream.model.onnx.FileMapping;
import io.tagstream.model.onnx.OnnxReader;
import io.tagstream.model.store.ModelBundle;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A session for a bundle's ONNX file. Sessions are thread-safe, so all passes share it. */
public final class SessionWeights implements DeviceWeights {

  /** The form in which the bundle's graph runs. */
  public enum Graph {
    /** The graph of the file. */
    PLAIN,
    /** The LRN nodes replaced by products, which makes the network twice as fast. */
    FAST_NORMALIZATION,
    /** {@link #FAST_NORMALIZATION} in 16-bit floats, for a GPU. */
    HALF_PRECISION
  }

  /** Whether the processor adds products of bytes directly to 32 bits; false if it is unknown. */
  private static final boolean VNNI = processorHas("vnni");

  private final ModelBundle bundle;
  private final OrtSession session;
  private final boolean quantized;

  /** A session, and whether its network computes with integers. */
  private record Opened(OrtSession session, boolean quantized) {}

  private SessionWeights(ModelBundle bundle, Opened opened) {
    this.bundle = bundle;
    this.session = opened.session();
    this.quantized = opened.quantized();
  }

  /**
   * Opens a session on the CPU.
   *
   * @param threads of each run
   * @throws ModelException if ONNX Runtime refuses the file
   */
  public static SessionWeights onCpu(ModelBundle bundle, int threads, Graph graph) {
    try (SessionOptions options = new SessionOptions()) {
      options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
      options.setIntraOpNumThreads(threads);
      // Threads that spin while they wait for work take the cores from the decoders.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      if (!VNNI) {
        // Slower; without it, sums of two products of bytes overflow 16 bits.
        options.addConfigEntry("session.x64quantprecision", "1");
      }
      return new SessionWeights(bundle, open(bundle, options, graph));
    } catch (OrtException | IOException e) {
      throw new ModelException(
          "ONNX Runtime cannot open %s: %s".formatted(bundle.onnx(), e.getMessage()), e);
    }
  }

  /**
   * Opens a session whose nodes all run on a GPU. By default ONNX Runtime would silently run nodes
   * that the GPU does not support, or without a GPU all nodes, on the CPU.
   *
   * @throws ModelException if the build or the machine has no suitable GPU, or the version computes
   *     with integers
   */
  public static SessionWeights onCuda(ModelBundle bundle, Graph graph) {
    if (!cudaInBuild()) {
      throw unusable("a build without CUDA for ONNX Runtime", Optional.empty());
    }
    if (OnnxReader.isQuantized(bundle.onnx())) {
      throw new ModelException(
          "version %s computes with integers, which only CPUs support: serve it with --device cpu, or serve the version that it was quantized from"
              .formatted(bundle.version()));
    }
    try (SessionOptions options = new SessionOptions()) {
      options.addCUDA();
      options.addConfigEntry("session.disable_cpu_ep_fallback", "1");
      return new SessionWeights(bundle, open(bundle, options, graph));
    } catch (OrtException e) {
      throw unusable(Gpu.describe(Gpu.found()), Optional.of(e));
    } catch (IOException e) {
      throw new ModelException(
          "ONNX Runtime cannot open %s: %s".formatted(bundle.onnx(), e.getMessage()), e);
    }
  }

  /** Whether this build's ONNX Runtime includes CUDA. */
  public static boolean cudaInBuild() {
    return OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA);
  }

  private static ModelException unusable(String found, Optional<OrtException> cause) {
    String message =
        "found: %s, needs: compute capability 6.0-12.0, CUDA 12, cuDNN 9 and profile onnxruntime-cuda"
            .formatted(found);
    return cause
        .map(e -> new ModelException(message + " (" + firstLine(e) + ")", e))
        .orElseGet(() -> new ModelException(message));
  }

  private static String firstLine(OrtException e) {
    return e.getMessage().lines().findFirst().orElse("no reason given");
  }

  private static boolean processorHas(String feature) {
    try {
      return Files.readString(Path.of("/proc/cpuinfo")).contains(feature);
    } catch (IOException notLinux) {
      return false;
    }
  }

  /** The environment, one per process. It logs nothing: errors that it would log it also throws. */
  static OrtEnvironment environment() {
    OrtEnvironment environment =
        OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "tagstream");
    try {
      // On Windows the library sends usage data to its vendor by default.
      environment.setTelemetry(false);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime cannot switch its telemetry off", e);
    }
    return environment;
  }

  private static Opened open(ModelBundle bundle, SessionOptions options, Graph graph)
      throws OrtException, IOException {
    if (graph == Graph.PLAIN) {
      return new Opened(
          environment().createSession(bundle.onnx().toString(), options),
          OnnxReader.isQuantized(bundle.onnx()));
    }
    try (FileMapping file = FileMapping.of(bundle.onnx())) {
      LeanModel model = LeanModel.read(file);
      LeanModel changed =
          NormalizationRewrite.apply(
              graph == Graph.HALF_PRECISION ? HalfPrecision.apply(model) : model, bundle.network());
      return new Opened(open(changed, options), model.isQuantized());
    }
  }

  /** Opens a session for the bundle's file after a change to its graph. */
  static OrtSession open(
      ModelBundle bundle, SessionOptions options, UnaryOperator<LeanModel> change)
      throws OrtException, IOException {
    try (FileMapping file = FileMapping.of(bundle.onnx())) {
      return open(change.apply(LeanModel.read(file)), options);
    }
  }

  /** Opens a session for a model; its weights must be valid during the call only. */
  private static OrtSession open(LeanModel model, SessionOptions options) throws OrtException {
    OrtEnvironment environment = environment();
    Map<String, OnnxTensorLike> weights = new HashMap<>();
    try {
      for (Map.Entry<String, LeanModel.Tensor> weight : model.weights().entrySet()) {
        weights.put(
            weight.getKey(),
            OnnxTensor.createTensor(
                environment,
                weight.getValue().numbers().order(ByteOrder.LITTLE_ENDIAN),
                weight.getValue().shape().stream().mapToLong(Long::longValue).toArray(),
                weight.getValue().type()));
      }
      options.addExternalInitializers(weights);
      return environment.createSession(model.model().toByteArray(), options);
    } finally {
      // The session has copied them.
      weights.values().forEach(OnnxTensorLike::close);
    }
  }

  ModelBundle bundle() {
    return bundle;
  }

  OrtSession session() {
    return session;
  }

  /** Whether the network computes with integers. */
  boolean isQuantized() {
    return quantized;
  }

  @Override
  public Forward newForward(int maxBatch) {
    return new SessionForward(this, maxBatch);
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime cannot close its session", e);
    }
  }
}
