package io.tagstream.job;

import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.image.Views;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.settings.UsageException;
import picocli.CommandLine.Option;

/** The options of every command that predicts: engine, device and views. */
public final class EngineChoice {
  @Option(
      names = "--engine",
      paramLabel = "deeplearning4j|onnxruntime",
      description = "The engine that computes the network (default: deeplearning4j).")
  private EngineKind engine = EngineKind.DEEPLEARNING4J;

  @Option(
      names = "--device",
      paramLabel = "auto|cpu|cuda",
      description = "The device that computes it (default: auto).")
  private Device device = Device.AUTO;

  @Option(
      names = "--views",
      paramLabel = "1|2|10",
      description = "Crops per image, whose probabilities are averaged (default: 2).")
  private int views = 2;

  public EngineKind engine() {
    return engine;
  }

  public Device device() {
    return device;
  }

  /**
   * The crops per image.
   *
   * @throws UsageException for an unknown number of views
   */
  public Views views() {
    try {
      return Views.of(views);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--views: " + e.getMessage(), e);
    }
  }

  /** Loads a model onto the device; the caller closes it. */
  public LoadedModel load(ModelBundle bundle) {
    return Engines.load(bundle, new EngineOptions(engine, device));
  }
}
