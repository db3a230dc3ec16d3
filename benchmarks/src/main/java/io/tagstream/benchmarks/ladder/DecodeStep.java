package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/** The second step: one decoder for each processor, a queue of two batches, and the engine. */
public final class DecodeStep implements Probe {
  @Override
  public Map<String, Double> measure(ProbeTask task) throws InterruptedException {
    List<byte[]> photos = task.encoded();
    int images = task.batch() / task.views();
    BlockingQueue<byte[]> ready = new ArrayBlockingQueue<>(2 * images);
    AtomicLong next = new AtomicLong();
    Meter meter = Meter.start(task.warmUp(), task.count());
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      Thread decoding =
          new Thread(
              () -> {
                try (PhotoDecoder decoder = PhotoDecoder.of(task)) {
                  while (true) {
                    int photo = (int) (next.getAndIncrement() % photos.size());
                    ready.put(decoder.pixels(photos.get(photo)));
                  }
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              },
              "Decode");
      decoding.setDaemon(true);
      decoding.start();
    }
    try (LoadedModel model = MeteredModels.of(task).loadLive();
        Engine engine = model.newEngine(task.batch())) {
      for (int first = 0; first < meter.images() + images; first += images) {
        List<byte[]> batch = new ArrayList<>();
        while (batch.size() < images) {
          batch.add(ready.take());
        }
        engine.probabilities(batch, task.views());
      }
    }
    return meter.figures();
  }
}
