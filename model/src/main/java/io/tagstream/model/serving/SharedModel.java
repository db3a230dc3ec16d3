package io.tagstream.model.serving;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.engine.Output;
import io.tagstream.model.store.ModelBundle;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * The part of a loaded model that all libraries share. It checks arguments, averages views, and
 * keeps the weights until the model and all its engines are closed: freeing them under a running
 * engine would crash the JVM.
 */
public final class SharedModel implements LoadedModel {
  private final ModelBundle bundle;
  private final DeviceWeights weights;
  private final Object lock = new Object();
  private int users = 1;
  private boolean closed;

  /** Takes ownership of the weights, and closes them. */
  public SharedModel(ModelBundle bundle, DeviceWeights weights) {
    this.bundle = bundle;
    this.weights = weights;
  }

  @Override
  public ModelBundle bundle() {
    return bundle;
  }

  @Override
  public Engine newEngine(int maxBatch) {
    if (maxBatch < 1) {
      throw new IllegalArgumentException("an engine runs at least one crop, not " + maxBatch);
    }
    synchronized (lock) {
      if (closed) {
        throw new IllegalStateException("model " + bundle.version() + " is closed");
      }
      Engine engine = new SharedEngine(maxBatch, weights.newForward(maxBatch));
      users++;
      return engine;
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      if (!closed) {
        closed = true;
        release();
      }
    }
  }

  private void release() {
    synchronized (lock) {
      users--;
      if (users == 0) {
        weights.close();
      }
    }
  }

  private final class SharedEngine implements Engine {
    private final int maxBatch;
    private final Forward forward;
    private boolean engineClosed;

    SharedEngine(int maxBatch, Forward forward) {
      this.maxBatch = maxBatch;
      this.forward = forward;
    }

    @Override
    public int maxBatch() {
      return maxBatch;
    }

    @Override
    public float[][] probabilities(List<byte[]> images, int views) {
      FloatBuffer rows = run(images, views, Output.PROBABILITIES);
      float[][] means = new float[images.size()][bundle.network().classes()];
      int at = 0;
      for (float[] mean : means) {
        for (int view = 0; view < views; view++) {
          for (int i = 0; i < mean.length; i++) {
            mean[i] += rows.get(at++) / views;
          }
        }
      }
      return means;
    }

    @Override
    public float[][] features(List<byte[]> images, int views) {
      FloatBuffer rows = run(images, views, Output.FEATURES);
      float[][] features = new float[images.size() * views][bundle.network().features()];
      int at = 0;
      for (float[] row : features) {
        rows.get(at, row);
        at += row.length;
      }
      return features;
    }

    private FloatBuffer run(List<byte[]> images, int views, Output output) {
      if (engineClosed) {
        throw new IllegalStateException("engine of model " + bundle.version() + " is closed");
      }
      int side = bundle.preprocessing().crop();
      CropBatch batch = new CropBatch(images, views, side * side * 3);
      if (batch.size() > maxBatch) {
        throw new IllegalArgumentException(
            "%d crops exceed the engine's %d".formatted(batch.size(), maxBatch));
      }
      return forward.run(batch, output);
    }

    @Override
    public void close() {
      if (!engineClosed) {
        engineClosed = true;
        forward.close();
        release();
      }
    }
  }
}
