package io.tagstream.model.serving;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.Gpu;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.nd4j.DirectWeights;
import io.tagstream.model.engine.nd4j.Nd4jBuild;
import io.tagstream.model.engine.onednn.OneDnnWeights;
import io.tagstream.model.engine.onnxruntime.SessionWeights;
import io.tagstream.model.engine.onnxruntime.SessionWeights.Graph;
import io.tagstream.model.engine.samediff.SameDiffWeights;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates engines. Each model is tested with golden images before it may serve. */
public final class Engines {
  private static final Logger LOG = LoggerFactory.getLogger(Engines.class);

  private Engines() {}

  /**
   * Loads a bundle's weights for an engine, logs the device on which it computes, and checks its
   * predictions for a few fixed images.
   *
   * @throws ModelException if the bundle cannot be read, the device is not available (for CUDA the
   *     message names what was found and what is needed), or an output is not a probability for
   *     each class
   */
  public static LoadedModel load(ModelBundle bundle, EngineOptions options) {
    return load(bundle, options, Throttle.none());
  }

  /**
   * {@link #load(ModelBundle, EngineOptions)} in the background of a running engine.
   *
   * @param throttle limits the load; ONNX Runtime opens a model without pauses
   */
  public static LoadedModel load(ModelBundle bundle, EngineOptions options, Throttle throttle) {
    LoadedModel model = new SharedModel(bundle, weights(bundle, options, throttle));
    try {
      throttle.pause();
      GoldenImages.require(model, throttle);
      return model;
    } catch (Throwable e) {
      model.close();
      throw e;
    }
  }

  private static DeviceWeights weights(
      ModelBundle bundle, EngineOptions options, Throttle throttle) {
    return switch (options.kind()) {
      case DEEPLEARNING4J -> deeplearning4j(bundle, options, throttle);
      case ONNXRUNTIME -> onnxRuntime(bundle, options);
    };
  }

  /**
   * A store that accepts, and makes live, only models that predict a few fixed images correctly, as
   * {@link #load} checks. ONNX Runtime on the CPU, which every build includes, computes them.
   */
  public static ModelStore store(Path root) {
    return new ModelStore(
        root,
        bundle -> load(bundle, new EngineOptions(EngineKind.ONNXRUNTIME, Device.CPU)).close());
  }

  /**
   * Copies weights for {@code deeplearning4j} on the CPU, for oneDNN if the build includes it,
   * otherwise for ND4J's ops. The given weights may be closed afterwards.
   *
   * @param threads OpenMP threads of each pass; fewer while other work takes {@link
   *     io.tagstream.model.engine.Processors}
   * @param throttle limits the copying
   */
  public static DeviceWeights onCpu(
      Weights weights, Normalization normalization, int threads, Throttle throttle) {
    return OneDnnWeights.areUsable()
        ? new OneDnnWeights(weights, normalization, threads, throttle)
        : new DirectWeights(weights, normalization, threads, throttle);
  }

  private static DeviceWeights deeplearning4j(
      ModelBundle bundle, EngineOptions options, Throttle throttle) {
    Normalization normalization = new Normalization(bundle.preprocessing());
    List<Gpu> gpus = Gpu.found();
    return switch (Nd4jBuild.onClassPath().choose(options.device(), gpus)) {
      case CUDA -> {
        LOG.info("deeplearning4j on CUDA, {}", Gpu.describe(gpus));
        try (Weights weights = bundle.weights()) {
          yield onCuda(gpus, () -> new SameDiffWeights(weights, normalization));
        }
      }
      case AUTO, CPU -> {
        LOG.info(
            "deeplearning4j on the CPU by {}, {} threads",
            OneDnnWeights.areUsable() ? "oneDNN" : "ND4J's ops",
            options.threads());
        try (Weights weights = bundle.weights(throttle)) {
          yield onCpu(weights, normalization, options.threads(), throttle);
        }
      }
    };
  }

  /** Loads on a suitable card; this fails if CUDA or cuDNN is missing or of another version. */
  private static DeviceWeights onCuda(List<Gpu> gpus, Supplier<DeviceWeights> load) {
    try {
      return load.get();
    } catch (LinkageError e) {
      throw Nd4jBuild.unusable(Gpu.describe(gpus) + " without CUDA 11.6 and cuDNN 8", e);
    }
  }

  /**
   * Loads on the device asked for; {@code auto} is a suitable GPU if there is one, otherwise the
   * CPU.
   */
  private static DeviceWeights onnxRuntime(ModelBundle bundle, EngineOptions options) {
    return switch (options.device()) {
      case CUDA -> onnxRuntimeOnCuda(bundle);
      case CPU -> onnxRuntimeOnCpu(bundle, options);
      case AUTO -> {
        if (SessionWeights.cudaInBuild() && !Gpu.found().isEmpty()) {
          try {
            yield onnxRuntimeOnCuda(bundle);
          } catch (ModelException e) {
            LOG.warn("onnxruntime cannot use the GPU and runs on the CPU: {}", e.getMessage());
          }
        }
        yield onnxRuntimeOnCpu(bundle, options);
      }
    };
  }

  private static DeviceWeights onnxRuntimeOnCuda(ModelBundle bundle) {
    DeviceWeights weights = SessionWeights.onCuda(bundle, Graph.FAST_NORMALIZATION);
    LOG.info("onnxruntime on CUDA");
    return weights;
  }

  private static DeviceWeights onnxRuntimeOnCpu(ModelBundle bundle, EngineOptions options) {
    LOG.info("onnxruntime on the CPU, {} threads", options.threads());
    return SessionWeights.onCpu(bundle, options.threads(), Graph.FAST_NORMALIZATION);
  }
}
