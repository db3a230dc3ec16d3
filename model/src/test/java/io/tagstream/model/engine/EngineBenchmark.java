package io.tagstream.model.engine;

import io.tagstream.model.engine.nd4j.DirectWeights;
import io.tagstream.model.engine.onnxruntime.SessionWeights;
import io.tagstream.model.engine.onnxruntime.SessionWeights.Graph;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.serving.SharedModel;
import io.tagstream.model.store.ModelBundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Prints images per second of the engines on this machine, from bytes to probabilities. The engines
 * take turns, so that other load affects all of them, and each number is the median of its turns.
 * {@code mvn -pl model test -Plong -Dtest=EngineBenchmark}
 */
@Tag("long")
class EngineBenchmark {
  private static final int TURNS = 15;

  @Test
  void printImagesPerSecond(@TempDir Path folder) throws IOException {
    NetworkDescription network = NetworkDescription.alexNet(1000);
    ModelBundle bundle = Bundles.write(Initialisation.HE.draw(network, 1), folder);
    int threads = Runtime.getRuntime().availableProcessors();
    Map<String, DeviceWeights> weights = new LinkedHashMap<>();
    weights.put(
        "deeplearning4j",
        new DirectWeights(bundle.weights(), new Normalization(bundle.preprocessing()), threads));
    weights.put("onnxruntime, plain graph", SessionWeights.onCpu(bundle, threads, Graph.PLAIN));
    weights.put(
        "onnxruntime, fast normalization",
        SessionWeights.onCpu(bundle, threads, Graph.FAST_NORMALIZATION));
    Map<String, Engine> engines = new LinkedHashMap<>();
    weights.forEach(
        (name, on) -> {
          try (LoadedModel model = new SharedModel(bundle, on)) {
            engines.put(name, model.newEngine(64));
          }
        });
    for (int batch : new int[] {1, 16, 64}) {
      List<byte[]> images = Bundles.images(network, batch, 1, 2);
      Map<String, double[]> rates = new LinkedHashMap<>();
      engines.keySet().forEach(name -> rates.put(name, new double[TURNS]));
      for (int turn = -1; turn < TURNS; turn++) {
        for (Map.Entry<String, Engine> engine : engines.entrySet()) {
          double rate = rate(engine.getValue(), images, Math.max(1, 32 / batch));
          if (turn >= 0) {
            rates.get(engine.getKey())[turn] = rate;
          }
        }
      }
      rates.forEach(
          (name, turns) -> {
            Arrays.sort(turns);
            System.out.printf(
                "batch %2d  %-32s median %6.1f  best %6.1f images/s%n",
                batch, name, turns[TURNS / 2], turns[TURNS - 1]);
          });
    }
    engines.values().forEach(Engine::close);
    System.out.println(
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("VmHWM"))
            .findFirst()
            .orElse(""));
  }

  private static double rate(Engine engine, List<byte[]> images, int times) {
    long start = System.nanoTime();
    for (int i = 0; i < times; i++) {
      engine.probabilities(images, 1);
    }
    return images.size() * times * 1e9 / (System.nanoTime() - start);
  }
}
