package io.tagstream.benchmarks.micro;

import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.flink.util.FileUtils;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Measures the paper's network with 1000 classes on all processors, one batch for each call. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class EnginesBenchmark {
  private static final int CLASSES = 1000;

  @Param({"deeplearning4j", "onnxruntime"})
  private String engine;

  @Param({"1", "2", "4", "8", "16", "32", "64", "128"})
  private int batch;

  private Path folder;
  private LoadedModel model;
  private Engine running;
  private List<byte[]> crops;

  @Setup
  public void open() throws IOException {
    folder = Files.createTempDirectory("engines");
    NetworkDescription network = NetworkDescription.alexNet(CLASSES);
    ModelStore store = new ModelStore(folder);
    try (Weights weights = Initialisation.HE.draw(network, 1)) {
      model =
          Engines.load(
              store.write(
                  new ModelDraft(
                      weights,
                      Preprocessing.tagstream(network.inputSize()),
                      IntStream.range(0, CLASSES).mapToObj(i -> "class-" + i).toList(),
                      Optional.empty(),
                      Provenance.made("drawn for a benchmark", "none", "none"))),
              new EngineOptions(
                  engine.equals("onnxruntime") ? EngineKind.ONNXRUNTIME : EngineKind.DEEPLEARNING4J,
                  Device.CPU));
    }
    running = model.newEngine(batch);
    Random random = new Random(1);
    crops = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      byte[] crop = new byte[network.inputSize() * network.inputSize() * 3];
      random.nextBytes(crop);
      crops.add(crop);
    }
  }

  @TearDown
  public void close() throws IOException {
    running.close();
    model.close();
    FileUtils.deleteDirectory(folder.toFile());
  }

  @Benchmark
  public float[][] forward() {
    return running.probabilities(crops, 1);
  }
}
