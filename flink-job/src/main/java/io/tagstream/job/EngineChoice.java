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

/** Which engine answers, where, and on which crops: options of every command that tags. */
public final class EngineChoice {
  @Option(
      names = "--engine",
      paramLabel = "deeplearning4j|onnxruntime",
      description = "What runs the network (default: deeplearning4j).")
  private EngineKind engine = EngineKind.DEEPLEARNING4J;

  @Option(
      names = "--device",
      paramLabel = "auto|cpu|cuda",
      description = "Where it runs (default: auto).")
  private Device device = Device.AUTO;

  @Option(
      names = "--views",
      paramLabel = "1|2|10",
      description = "Crops per image, over which answers are averaged (default: 2).")
  private int views = 2;

  /** What runs the network. */
  public EngineKind engine() {
    return engine;
  }

  /** Where it runs. */
  public Device device() {
    return device;
  }

  /** The crops. */
  public Views views() {
    try {
      return Views.of(views);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--views: " + e.getMessage(), e);
    }
  }

  /** Puts a model on the device; the caller closes it. */
  public LoadedModel load(ModelBundle bundle) {
    return Engines.load(bundle, new EngineOptions(engine, device));
  }
}
