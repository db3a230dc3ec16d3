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

/** A session over a bundle's ONNX file; all passes share it, as it is thread-safe. */
public final class SessionWeights implements DeviceWeights {

  /** What of the bundle's file runs. */
  public enum Graph {
    /** The file as it is. */
    PLAIN,
    /** Its LRN nodes written as products, which makes the network twice as fast. */
    FAST_NORMALIZATION,
    /** That in 16-bit floats, for a GPU. */
    HALF_PRECISION
  }

  /** Whether the processor adds products of bytes to 32 bits at once; where no file tells, not. */
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
   * @param threads threads of each run
   * @throws ModelException when ONNX Runtime refuses the file
   */
  public static SessionWeights onCpu(ModelBundle bundle, int threads, Graph graph) {
    try (SessionOptions options = new SessionOptions()) {
      options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
      options.setIntraOpNumThreads(threads);
      // Threads that wait for work by spinning take the cores from the decoders beside them.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      if (!VNNI) {
        // Slower, but without it sums of a pair of products of bytes overflow 16 bits.
        options.addConfigEntry("session.x64quantprecision", "1");
      }
      return new SessionWeights(bundle, open(bundle, options, graph));
    } catch (OrtException | IOException e) {
      throw new ModelException(
          "ONNX Runtime cannot open %s: %s".formatted(bundle.onnx(), e.getMessage()), e);
    }
  }

  /**
   * Opens a session on a GPU, all of it: ONNX Runtime would otherwise leave what a GPU cannot do,
   * or everything where there is none, to the CPU without a word.
   *
   * @throws ModelException when the build or the machine has no fitting GPU, or the version
   *     computes with integers
   */
  public static SessionWeights onCuda(ModelBundle bundle, Graph graph) {
    if (!cudaInBuild()) {
      throw unusable("a build without CUDA for ONNX Runtime", Optional.empty());
    }
    if (OnnxReader.isQuantized(bundle.onnx())) {
      throw new ModelException(
          "version %s computes with integers, which is for processors: serve it with --device cpu, or the version it was made from"
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

  /** Whether this build's ONNX Runtime has CUDA in it. */
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

  /** The process's one. What it would log as an error it also throws, so it logs nothing. */
  static OrtEnvironment environment() {
    OrtEnvironment environment =
        OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "tagstream");
    try {
      // On Windows the library reports its use to its maker unless told not to.
      environment.setTelemetry(false);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime does not stop reporting its use", e);
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

  /** A session over the bundle's file after a change to its graph. */
  static OrtSession open(
      ModelBundle bundle, SessionOptions options, UnaryOperator<LeanModel> change)
      throws OrtException, IOException {
    try (FileMapping file = FileMapping.of(bundle.onnx())) {
      return open(change.apply(LeanModel.read(file)), options);
    }
  }

  /** A session over a model whose weights are good until then. */
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

  /** Whether it computes with integers. */
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
