package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.inference.LiveModels;
import io.tagstream.job.inference.PinnedStoreModels;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.store.ModelBundle;
import java.nio.file.Path;
import java.util.List;

/**
 * The models of a store, with engines that report computed images to the process's {@link Meter}.
 */
final class MeteredModels implements LiveModels {
  private static final long serialVersionUID = 1L;

  private final PinnedStoreModels models;

  private MeteredModels(PinnedStoreModels models) {
    this.models = models;
  }

  static MeteredModels of(ProbeTask task) {
    return new MeteredModels(
        new PinnedStoreModels(Path.of(task.models()), EngineKind.DEEPLEARNING4J, Device.AUTO));
  }

  LoadedModel loadLive() {
    return load(liveVersion(), Throttle.none());
  }

  @Override
  public String liveVersion() {
    return models.liveVersion();
  }

  @Override
  public LoadedModel load(String version, Throttle throttle) {
    LoadedModel model = models.load(version, throttle);
    return new LoadedModel() {
      @Override
      public ModelBundle bundle() {
        return model.bundle();
      }

      @Override
      public Engine newEngine(int maxBatch) {
        return new MeteredEngine(model.newEngine(maxBatch));
      }

      @Override
      public void close() {
        model.close();
      }
    };
  }

  private record MeteredEngine(Engine engine) implements Engine {
    @Override
    public int maxBatch() {
      return engine.maxBatch();
    }

    @Override
    public float[][] probabilities(List<byte[]> images, int views) {
      float[][] probabilities = engine.probabilities(images, views);
      Meter.ofProcess().answered(images.size());
      return probabilities;
    }

    @Override
    public float[][] features(List<byte[]> images, int views) {
      return engine.features(images, views);
    }

    @Override
    public void close() {
      engine.close();
    }
  }
}
