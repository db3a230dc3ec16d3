package io.tagstream.model.engine.nd4j;

import com.sun.management.OperatingSystemMXBean;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.TrainingStep.Setup;
import io.tagstream.model.engine.samediff.SameDiffTrainingStep;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Prints images per second of the full-size training step and of the SameDiff graph's. They take
 * turns, so that other load affects both; each number is the median of its turns. The graph needs
 * up to 13 GiB, and JavaCPP allows four times the heap. {@code mvn -pl model -am test -Plong
 * -Dsurefire.heap=4g -Dtest=TrainingBenchmark -Dsurefire.failIfNoSpecifiedTests=false}
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
      turn(direct, crops, labels);
      turn(direct, crops, labels);
      System.out.printf("%d classes, batch %d: direct alone %s%n", classes, batch, memory());
      try (TrainingStep graph =
          new SameDiffTrainingStep(setup(start, Optional.empty(), batch, threads))) {
        turn(graph, crops, labels);
        List<Turn> ofDirect = new ArrayList<>();
        List<Turn> ofGraph = new ArrayList<>();
        for (int turn = 0; turn < TURNS; turn++) {
          ofGraph.add(turn(graph, crops, labels));
          ofDirect.add(turn(direct, crops, labels));
        }
        System.out.printf(
            "%d classes, batch %d: direct %s, graph %s, ratio %.1f, of CPU time %.1f; together %s%n",
            classes,
            batch,
            describe(ofDirect, batch),
            describe(ofGraph, batch),
            median(ofGraph, Turn::seconds) / median(ofDirect, Turn::seconds),
            median(ofGraph, Turn::cpuSeconds) / median(ofDirect, Turn::cpuSeconds),
            memory());
      }
    }
  }

  /** CPU time is that of the process; under other load it is more reliable than elapsed time. */
  private record Turn(double seconds, double cpuSeconds) {}

  private static String describe(List<Turn> turns, int batch) {
    return "%.1f images/s (best %.1f), %.0f ms of CPU an image"
        .formatted(
            batch / median(turns, Turn::seconds),
            batch / turns.stream().mapToDouble(Turn::seconds).min().orElseThrow(),
            1e3 * median(turns, Turn::cpuSeconds) / batch);
  }

  private static double median(List<Turn> turns, ToDoubleFunction<Turn> number) {
    return turns.stream().mapToDouble(number).sorted().skip(TURNS / 2).findFirst().orElseThrow();
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

  private static Turn turn(TrainingStep step, CropBatch crops, int[] labels) {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long cpu = system.getProcessCpuTime();
    long start = System.nanoTime();
    step.step(crops, labels, 1e-4);
    return new Turn((System.nanoTime() - start) / 1e9, (system.getProcessCpuTime() - cpu) / 1e9);
  }

  private static String memory() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM") || line.startsWith("VmRSS"))
        .map(line -> line.replaceAll("\\s+", " "))
        .collect(Collectors.joining(", "));
  }
}
