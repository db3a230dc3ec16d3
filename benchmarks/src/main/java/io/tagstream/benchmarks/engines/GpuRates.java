package io.tagstream.benchmarks.engines;

import io.tagstream.benchmarks.ladder.PhotoDecoder;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.benchmarks.probe.Turns;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.onnxruntime.SessionWeights;
import io.tagstream.model.engine.onnxruntime.SessionWeights.Graph;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.serving.SharedModel;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Measures the engines on the machine's GPU, in images/s, with the task's batch size: on decoded
 * crops, and with one decoder for each processor. The build determines which engines are available.
 */
public final class GpuRates implements Probe {
  /** Batch sizes to measure. */
  public static final List<Integer> BATCHES =
      IntStream.rangeClosed(0, 10).map(power -> 1 << power).boxed().toList();

  public static final String HALF = "onnxruntime fp16";
  public static final String FLOAT = "onnxruntime fp32";
  public static final String OURS = "deeplearning4j fp32";

  /** Minimum number of crops in a turn, in at least {@link #CALLS} calls. */
  private static final int CROPS = 256;

  private static final int CALLS = 4;

  /** The figure of an engine on decoded crops. */
  public static String ready(String engine, int batch) {
    return "%s batch %d".formatted(engine, batch);
  }

  /** The figure of an engine together with the decoders. */
  public static String fed(String engine, int batch) {
    return "%s batch %d from photos".formatted(engine, batch);
  }

  @Override
  public Map<String, Double> measure(ProbeTask task) throws InterruptedException {
    ModelBundle bundle = new ModelStore(Path.of(task.models())).openLive();
    Map<String, LoadedModel> models = new LinkedHashMap<>();
    if (SessionWeights.cudaInBuild()) {
      models.put(
          FLOAT, new SharedModel(bundle, SessionWeights.onCuda(bundle, Graph.FAST_NORMALIZATION)));
      models.put(
          HALF, new SharedModel(bundle, SessionWeights.onCuda(bundle, Graph.HALF_PRECISION)));
    } else {
      models.put(
          OURS, Engines.load(bundle, new EngineOptions(EngineKind.DEEPLEARNING4J, Device.CUDA)));
    }
    int batch = task.batch();
    List<byte[]> crops =
        Contest.noise(batch, new Normalization(bundle.preprocessing()).cropBytes());
    Map<String, Double> figures = new LinkedHashMap<>();
    for (Map.Entry<String, LoadedModel> each : models.entrySet()) {
      try (LoadedModel model = each.getValue();
          Engine engine = model.newEngine(batch)) {
        figures.putAll(
            Turns.medians(
                task,
                turns -> turns.add(ready(each.getKey(), batch), rate(engine, () -> crops, batch))));
        figures.put(fed(each.getKey(), batch), fed(engine, batch, task));
      }
    }
    return figures;
  }

  /** Supplies an engine's next batch. */
  @FunctionalInterface
  private interface Crops {
    List<byte[]> next() throws InterruptedException;
  }

  private static double rate(Engine engine, Crops crops, int batch) throws InterruptedException {
    int calls = Math.max(CALLS, CROPS / batch);
    long start = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      engine.probabilities(crops.next(), 1);
    }
    return (double) calls * batch * 1e9 / (System.nanoTime() - start);
  }

  private static double fed(Engine engine, int batch, ProbeTask task) throws InterruptedException {
    List<byte[]> photos = task.encoded();
    BlockingQueue<byte[]> ready = new ArrayBlockingQueue<>(2 * batch);
    AtomicLong next = new AtomicLong();
    AtomicBoolean done = new AtomicBoolean();
    List<Thread> decoding = new ArrayList<>();
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      Thread thread = new Thread(() -> decode(task, photos, next, ready, done), "Decode " + i);
      thread.start();
      decoding.add(thread);
    }
    try {
      Crops crops =
          () -> {
            List<byte[]> taken = new ArrayList<>();
            while (taken.size() < batch) {
              taken.add(ready.take());
            }
            return taken;
          };
      rate(engine, crops, batch);
      return rate(engine, crops, batch);
    } finally {
      done.set(true);
      for (Thread thread : decoding) {
        thread.interrupt();
        thread.join();
      }
    }
  }

  private static void decode(
      ProbeTask task,
      List<byte[]> photos,
      AtomicLong next,
      BlockingQueue<byte[]> ready,
      AtomicBoolean done) {
    try (PhotoDecoder decoder = PhotoDecoder.of(task)) {
      while (!done.get()) {
        ready.put(decoder.pixels(photos.get((int) (next.getAndIncrement() % photos.size()))));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
