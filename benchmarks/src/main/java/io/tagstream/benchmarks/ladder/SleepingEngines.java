package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.inference.LiveModels;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Measures how a job scales with engines on separate devices: 1, 2 and 4 subtasks, fed from memory,
 * with engines that sleep instead of computing.
 */
public abstract class SleepingEngines extends MemoryStep {
  /** Images a second of one engine. */
  public static final int RATE_OF_ONE = 100;

  /** The probes and their numbers of subtasks. */
  public static final Map<Class<? extends SleepingEngines>, Integer> BY_COUNT = byCount();

  /** Long enough that two processors can decode for four engines. */
  private static final long MILLIS_AN_IMAGE = 1000 / RATE_OF_ONE;

  private final int engines;

  SleepingEngines(int engines) {
    this.engines = engines;
  }

  private static Map<Class<? extends SleepingEngines>, Integer> byCount() {
    Map<Class<? extends SleepingEngines>, Integer> classes = new LinkedHashMap<>();
    classes.put(One.class, 1);
    classes.put(Two.class, 2);
    classes.put(Four.class, 4);
    return Collections.unmodifiableMap(classes);
  }

  /** One subtask. */
  public static final class One extends SleepingEngines {
    public One() {
      super(1);
    }
  }

  /** Two subtasks. */
  public static final class Two extends SleepingEngines {
    public Two() {
      super(2);
    }
  }

  /** Four subtasks. */
  public static final class Four extends SleepingEngines {
    public Four() {
      super(4);
    }
  }

  @Override
  int engines() {
    return engines;
  }

  @Override
  LiveModels models(ProbeTask task) {
    return new SleepingModels(task.models());
  }

  /**
   * The live model of a store, with engines that sleep.
   *
   * @param store folder of the store
   */
  private record SleepingModels(String store) implements LiveModels {
    @Override
    public String liveVersion() {
      return new ModelStore(Path.of(store)).openLive().version();
    }

    @Override
    public LoadedModel load(String version, Throttle throttle) {
      ModelBundle bundle = new ModelStore(Path.of(store)).open(version);
      return new LoadedModel() {
        @Override
        public ModelBundle bundle() {
          return bundle;
        }

        @Override
        public Engine newEngine(int maxBatch) {
          return new SleepingEngine(bundle, maxBatch);
        }

        @Override
        public void close() {}
      };
    }
  }

  private record SleepingEngine(ModelBundle bundle, int maxBatch) implements Engine {
    @Override
    public float[][] probabilities(List<byte[]> images, int views) {
      try {
        TimeUnit.MILLISECONDS.sleep(images.size() * MILLIS_AN_IMAGE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      Meter.ofProcess().answered(images.size());
      return undecided(images.size(), bundle.network().classes());
    }

    @Override
    public float[][] features(List<byte[]> images, int views) {
      return undecided(images.size() * views, bundle.network().features());
    }

    private static float[][] undecided(int rows, int columns) {
      float[][] equal = new float[rows][columns];
      for (float[] row : equal) {
        Arrays.fill(row, 1f / columns);
      }
      return equal;
    }

    @Override
    public void close() {}
  }
}
