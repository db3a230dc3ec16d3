package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.samediff.SameDiffTrainingStep;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.Optimizer;
import io.tagstream.model.training.TrainingStep;
import io.tagstream.model.training.TrainingStep.Setup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Prints images a second of the full-size training step and of the SameDiff graph's, which take
 * turns, so that what else the machine does hits both; each number is the median of its turns. The
 * graph needs up to 13 GiB, and JavaCPP allows four times the heap. {@code mvn -pl model -am test
 * -Plong -Dsurefire.heap=4g -Dtest=TrainingBenchmark -Dsurefire.failIfNoSpecifiedTests=false}
 */
@Tag("long")
class TrainingBenchmark {
  private static final int TURNS = Integer.getInteger("turns", 5);

  @ParameterizedTest
  @CsvSource({"5, 32", "5, 64", "1000, 32", "1000, 64"})
  void printImagesPerSecond(int classes, int batch) throws IOException {
    NetworkDescription network = NetworkDescription.alexNet(classes);
    Weights start = Initialisation.HE.draw(network, 1);
    int threads = Runtime.getRuntime().availableProcessors();
    Optional<Double> averaging = Optional.of(0.998);
    CropBatch crops = crops(network, batch);
    int[] labels = IntStream.range(0, batch).map(i -> i % classes).toArray();
    try (TrainingStep direct = new DirectTrainingStep(setup(start, averaging, batch, threads))) {
      milliseconds(direct, crops, labels);
      milliseconds(direct, crops, labels);
      System.out.printf("%d classes, batch %d: direct alone %s%n", classes, batch, memory());
      try (TrainingStep graph =
          new SameDiffTrainingStep(setup(start, Optional.empty(), batch, threads))) {
        milliseconds(graph, crops, labels);
        double[] ofDirect = new double[TURNS];
        double[] ofGraph = new double[TURNS];
        for (int turn = 0; turn < TURNS; turn++) {
          ofGraph[turn] = milliseconds(graph, crops, labels);
          ofDirect[turn] = milliseconds(direct, crops, labels);
        }
        Arrays.sort(ofDirect);
        Arrays.sort(ofGraph);
        System.out.printf(
            "%d classes, batch %d: direct %.1f (best %.1f), graph %.1f (best %.1f) images/s, ratio"
                + " %.1f; together %s%n",
            classes,
            batch,
            batch * 1e3 / ofDirect[TURNS / 2],
            batch * 1e3 / ofDirect[0],
            batch * 1e3 / ofGraph[TURNS / 2],
            batch * 1e3 / ofGraph[0],
            ofGraph[TURNS / 2] / ofDirect[TURNS / 2],
            memory());
      }
    }
  }

  private static Setup setup(Weights start, Optional<Double> averaging, int batch, int threads) {
    return new Setup(
        start,
        Preprocessing.tagstream(start.network().inputSize()),
        start.network().parameters().stream().map(Parameter::name).collect(Collectors.toSet()),
        new Optimizer.Adam(3e-4),
        0.1,
        averaging,
        batch,
        3L << 30,
        1,
        threads);
  }

  private static CropBatch crops(NetworkDescription network, int count) {
    Random random = new Random(1);
    int bytes = network.inputSize() * network.inputSize() * 3;
    List<byte[]> images = Stream.generate(() -> new byte[bytes]).limit(count).toList();
    images.forEach(random::nextBytes);
    return new CropBatch(images, 1, bytes);
  }

  private static double milliseconds(TrainingStep step, CropBatch crops, int[] labels) {
    long start = System.nanoTime();
    step.step(crops, labels, 1e-4);
    return (System.nanoTime() - start) / 1e6;
  }

  private static String memory() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM") || line.startsWith("VmRSS"))
        .map(line -> line.replaceAll("\\s+", " "))
        .collect(Collectors.joining(", "));
  }
}
