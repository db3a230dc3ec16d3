package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The first step: the engine on decoded crops, batch after batch. */
public final class EngineStep implements Probe {
  @Override
  public Map<String, Double> measure(ProbeTask task) {
    List<byte[]> pixels = new ArrayList<>();
    try (PhotoDecoder decoder = PhotoDecoder.of(task)) {
      task.encoded().forEach(photo -> pixels.add(decoder.pixels(photo)));
    }
    int images = task.batch() / task.views();
    try (LoadedModel model = MeteredModels.of(task).loadLive();
        Engine engine = model.newEngine(task.batch())) {
      Meter meter = Meter.start(task.warmUp(), task.count());
      for (int first = 0; first < meter.images() + images; first += images) {
        List<byte[]> batch = new ArrayList<>();
        for (int i = 0; i < images; i++) {
          batch.add(pixels.get((first + i) % pixels.size()));
        }
        engine.probabilities(batch, task.views());
      }
      return meter.figures();
    }
  }
}
