package io.tagstream.model.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.TrainingStep.Setup;
import io.tagstream.model.network.DeviceShare;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The estimated memory of a training against the memory of a process that runs it. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainingMemoryTest {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Optimizer PAPERS = new Optimizer.Sgd(0.01, 0.9, 5e-4);
  private static final int THREADS = 2;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 32", "1, 128", "2, 1", "2, 32", "2, 128"})
  void theEstimateIsWithinATenthOfTheProcess(int towers, int batch) throws Exception {
    assumeTrue(Files.exists(STATUS), "the resident size is read from " + STATUS);
    NetworkDescription network = NetworkDescription.alexNet(1000);
    List<DeviceShare> shares =
        towers == 1 ? List.of(DeviceShare.whole(network)) : DeviceShare.towers(network);
    long estimated =
        shares.stream()
            .mapToLong(share -> DirectTrainingStep.memory(share, PAPERS, false, batch).total())
            .sum();
    long used = takenBy(towers, batch);
    assertThat((double) estimated / used)
        .as("estimated %d MiB, used %d MiB", estimated >> 20, used >> 20)
        .isCloseTo(1, within(0.1));
  }

  private long takenBy(int towers, int batch) throws Exception {
    Path errors = folder.resolve("errors");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms512m",
                "-Xmx512m",
                "-XX:+AlwaysPreTouch",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.bytedeco.javacpp.maxBytes=0",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-cp",
                System.getProperty("java.class.path"),
                Program.class.getName(),
                Integer.toString(towers),
                Integer.toString(batch))
            .redirectError(errors.toFile())
            .start();
    try {
      List<String> lines = process.inputReader().lines().toList();
      assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
      return Long.parseLong(lines.get(lines.size() - 1));
    } finally {
      process.destroyForcibly();
    }
  }

  /** Trains, and prints by how many bytes the process grew. */
  static final class Program {
    public static void main(String[] arguments) throws IOException {
      int towers = Integer.parseInt(arguments[0]);
      int batch = Integer.parseInt(arguments[1]);
      // Loads the libraries with their permanent memory.
      train(NetworkDescription.alexNet(5, 0.05), towers, 1, 2);
      System.out.println(train(NetworkDescription.alexNet(1000), towers, batch, 2));
    }

    private static long train(NetworkDescription network, int towers, int batch, int steps)
        throws IOException {
      Map<String, FloatBuffer> zeros = new HashMap<>();
      long largest = network.parameters().stream().mapToLong(Parameter::count).max().orElseThrow();
      FloatBuffer numbers = FloatBuffer.allocate((int) largest);
      network.parameters().forEach(p -> zeros.put(p.name(), numbers.slice(0, (int) p.count())));
      int bytes = network.inputSize() * network.inputSize() * 3;
      CropBatch crops = new CropBatch(Collections.nCopies(batch, new byte[bytes]), 1, bytes);
      Setup setup =
          new Setup(
              new Weights(network, zeros),
              Preprocessing.tagstream(network.inputSize()),
              network.parameters().stream().map(Parameter::name).collect(Collectors.toSet()),
              PAPERS,
              0,
              Optional.empty(),
              batch,
              Long.MAX_VALUE,
              1,
              THREADS);
      long before = resident();
      try (TrainingStep step = DirectTrainingStep.on(towers).begin(setup)) {
        for (int i = 0; i < steps; i++) {
          step.step(crops, new int[batch], 0.01);
        }
        return resident() - before;
      }
    }

    private static long resident() throws IOException {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
          .findFirst()
          .orElseThrow();
    }
  }
}
