package io.tagstream.job.inference;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.Preprocessing;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A store and an engine in memory. The first byte of an image is its class; with {@link State#hold}
 * the engine waits for permits. The state is static to this JVM, so it is shared when the fake is
 * serialized with a job's graph.
 */
public final class FakeModels implements LiveModels {
  private static final long serialVersionUID = 1L;
  private static final Map<Integer, State> STATES = new ConcurrentHashMap<>();
  private static final AtomicInteger NEXT = new AtomicInteger();

  public static final int CROP = 4;
  public static final int RESIZE = 8;
  public static final List<String> LABELS = List.of("ant", "bee", "cat");

  private final int id = NEXT.incrementAndGet();

  /** What tests read and change. */
  public static final class State {
    public volatile String live = "v1";
    public volatile boolean hold;
    public volatile boolean nonsense;
    public volatile boolean warmUpFails = true;

    /** Batches before the one that fails once; negative after it failed, or if none should. */
    public final AtomicInteger failOnceAfter = new AtomicInteger(-1);

    public final Map<String, Integer> cropOf = new ConcurrentHashMap<>();
    public final Set<String> broken = ConcurrentHashMap.newKeySet();

    /** Versions whose load throws an unexpected Error. */
    public final Set<String> unexpected = ConcurrentHashMap.newKeySet();

    public final Set<String> failing = ConcurrentHashMap.newKeySet();

    /** Classes of images on which every engine throws, whatever else is in the batch. */
    public final Set<Integer> poisonous = ConcurrentHashMap.newKeySet();

    /** Classes of images for which every engine returns NaN. */
    public final Set<Integer> confusing = ConcurrentHashMap.newKeySet();

    /** If set: every batch from this one on fails, as on a device that is gone. */
    public volatile OptionalInt goneAfter = OptionalInt.empty();

    public final Semaphore permits = new Semaphore(0);

    /** One is released whenever a load begins. */
    public final Semaphore loadBegan = new Semaphore(0);

    public volatile boolean holdLoads;
    public final Semaphore loadPermits = new Semaphore(0);

    public final AtomicInteger openModels = new AtomicInteger();
    public final AtomicInteger openEngines = new AtomicInteger();

    /** Sizes of the batches computed, without warm-ups (all black). */
    public final List<Integer> batches = Collections.synchronizedList(new ArrayList<>());

    public final Set<String> inferenceThreads = ConcurrentHashMap.newKeySet();
    public final AtomicInteger running = new AtomicInteger();
    public final AtomicInteger warmUps = new AtomicInteger();

    /** The names of the threads that warmed up. */
    public final List<String> warmUpThreads = Collections.synchronizedList(new ArrayList<>());
  }

  public FakeModels() {
    STATES.put(id, new State());
  }

  public State state() {
    return STATES.get(id);
  }

  /** The pixels of an image of a class, for {@code views} crops. */
  public static byte[] pixels(int classIndex, int views) {
    byte[] pixels = new byte[views * CROP * CROP * 3];
    pixels[0] = (byte) classIndex;
    pixels[1] = 1;
    return pixels;
  }

  @Override
  public String liveVersion() {
    return state().live;
  }

  @Override
  public LoadedModel load(String version, Throttle throttle) {
    State state = state();
    state.loadBegan.release();
    if (state.holdLoads) {
      state.loadPermits.acquireUninterruptibly();
    }
    if (state.broken.contains(version)) {
      throw new ModelException("model " + version + " fails its hash");
    }
    if (state.unexpected.contains(version)) {
      throw new AssertionError("unexpected at the load of model " + version);
    }
    int crop = state.cropOf.getOrDefault(version, CROP);
    ModelBundle bundle =
        new ModelBundle(
            version,
            Path.of("."),
            NetworkDescription.alexNet(LABELS.size(), 0.01),
            new Preprocessing(
                RESIZE,
                crop,
                Preprocessing.ChannelOrder.RGB,
                1,
                List.of(0.0, 0.0, 0.0),
                List.of(1.0, 1.0, 1.0)),
            LABELS);
    state.openModels.incrementAndGet();
    return new LoadedModel() {
      @Override
      public ModelBundle bundle() {
        return bundle;
      }

      @Override
      public Engine newEngine(int maxBatch) {
        state.openEngines.incrementAndGet();
        return new FakeEngine(state, version, maxBatch);
      }

      @Override
      public void close() {
        state.openModels.decrementAndGet();
      }
    };
  }

  private record FakeEngine(State state, String version, int maxBatch) implements Engine {

    @Override
    public float[][] probabilities(List<byte[]> images, int views) {
      if (images.size() * views > maxBatch) {
        throw new IllegalArgumentException("too many crops");
      }
      boolean warmUp = images.get(0)[1] == 0;
      if (warmUp) {
        state.warmUps.incrementAndGet();
        state.warmUpThreads.add(Thread.currentThread().getName());
      } else {
        state.running.incrementAndGet();
        if (state.hold) {
          state.permits.acquireUninterruptibly();
        }
        state.running.decrementAndGet();
        state.batches.add(images.size());
        state.inferenceThreads.add(Thread.currentThread().getName());
      }
      if (!warmUp) {
        if (state.goneAfter.isPresent() && state.batches.size() > state.goneAfter.getAsInt()) {
          throw new IllegalStateException("the device is gone");
        }
        images.stream()
            .filter(image -> state.poisonous.contains((int) image[0]))
            .findFirst()
            .ifPresent(
                image -> {
                  throw new IllegalStateException("cannot take class " + image[0]);
                });
      }
      if (!warmUp && state.failOnceAfter.get() >= 0 && state.failOnceAfter.decrementAndGet() < 0) {
        // Not an Exception, which would be attributed to an image of the batch.
        throw new LinkageError("the device stumbles");
      }
      if (state.failing.contains(version) && (!warmUp || state.warmUpFails)) {
        throw new IllegalStateException("the device is gone");
      }
      float[][] rows = new float[images.size()][LABELS.size()];
      for (int i = 0; i < rows.length; i++) {
        for (int c = 0; c < LABELS.size(); c++) {
          rows[i][c] = images.get(i)[0] == c ? 0.8f : 0.1f;
        }
        if (state.nonsense || state.confusing.contains((int) images.get(i)[0])) {
          rows[i][0] = Float.NaN;
        }
      }
      return rows;
    }

    @Override
    public float[][] features(List<byte[]> images, int views) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      state.openEngines.decrementAndGet();
    }
  }
}
