package io.tagstream.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Closed engines leave nothing outside the heap; an image leaves only its prediction on the heap.
 */
class EngineMemoryTest {
  private static final Path STATUS = Path.of("/proc/self/status");

  /** Half of the 30 MB that one round needs, so that a leak of weights or buffers is detected. */
  @ParameterizedTest
  @EnumSource(EngineKind.class)
  void openingAndClosingLeavesNothing(EngineKind kind, @TempDir Path folder) throws Exception {
    openAndClose(kind, 100, 0.25, 4, folder);
  }

  @Tag("long")
  @ParameterizedTest
  @EnumSource(EngineKind.class)
  void openingAndClosingThePapersSizeLeavesNothing(EngineKind kind, @TempDir Path folder)
      throws Exception {
    openAndClose(kind, 1000, 1, 64, folder);
  }

  private static void openAndClose(
      EngineKind kind, int classes, double width, int batch, Path folder) throws Exception {
    assumeTrue(Files.exists(STATUS), "the resident size is read from " + STATUS);
    NetworkDescription network = NetworkDescription.alexNet(classes, width);
    Bundles.write(Initialisation.HE.draw(network, 1), folder);
    Path errors = folder.resolve("errors");
    // A process of its own, whose heap is resident from the start: what it grows by is native.
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms512m",
                "-Xmx512m",
                "-XX:+AlwaysPreTouch",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Rounds.class.getName(),
                kind.name(),
                Integer.toString(classes),
                Double.toString(width),
                Integer.toString(batch),
                folder.toString())
            .redirectError(errors.toFile())
            .start();
    try {
      List<String> lines = process.inputReader().lines().toList();
      assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
      long weights = 4 * network.parameters().stream().mapToLong(p -> p.count()).sum() / 1024;
      long grown = Long.parseLong(lines.get(lines.size() - 1));
      assertThat(grown).isLessThan(2 * weights);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Opens and closes engines, and prints by how many kilobytes the last forty rounds grew it. */
  static final class Rounds {
    public static void main(String[] arguments) throws IOException {
      EngineOptions options = new EngineOptions(EngineKind.valueOf(arguments[0]), Device.CPU);
      NetworkDescription network =
          NetworkDescription.alexNet(
              Integer.parseInt(arguments[1]), Double.parseDouble(arguments[2]));
      int batch = Integer.parseInt(arguments[3]);
      ModelBundle bundle = Bundles.of(network, Path.of(arguments[4]));
      List<byte[]> images = Bundles.images(network, batch, 1, 2);
      long before = 0;
      // The JVM and the allocator grow at first; a leak grows with each of the last forty rounds.
      for (int round = 0; round < 100; round++) {
        if (round == 60) {
          before = residentKilobytes();
        }
        try (LoadedModel model = Engines.load(bundle, options);
            Engine engine = model.newEngine(batch)) {
          assertThat(engine.probabilities(images, 1)).hasNumberOfRows(batch);
        }
      }
      System.out.println(residentKilobytes() - before);
    }

    private static long residentKilobytes() throws IOException {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElseThrow();
    }
  }

  @ParameterizedTest
  @EnumSource(EngineKind.class)
  void theFileIsUnmappedAfterLoading(EngineKind kind, @TempDir Path folder) throws IOException {
    Path maps = Path.of("/proc/self/maps");
    assumeTrue(Files.exists(maps), "what is mapped is read from " + maps);
    NetworkDescription network = NetworkDescription.alexNet(100, 0.05);
    ModelStore store = new ModelStore(folder);
    String version =
        store
            .write(
                new ModelDraft(
                    Initialisation.HE.draw(network, 1),
                    Preprocessing.tagstream(network.inputSize()),
                    Bundles.of(network, folder).labels(),
                    Optional.empty(),
                    Provenance.made("drawn for a test", "numbered", "none")))
            .version();
    ModelBundle bundle = store.open(version);
    // Other tests of this JVM may have left copies for the garbage collector.
    List<String> before = Files.readAllLines(maps);
    try (LoadedModel model = Engines.load(bundle, new EngineOptions(kind, Device.CPU));
        Engine engine = model.newEngine(1)) {
      // Neither the file nor its unlinked copy.
      assertThat(Files.readAllLines(maps))
          .noneMatch(line -> line.contains(bundle.onnx().toString()))
          .filteredOn(line -> !before.contains(line))
          .noneMatch(line -> line.contains("/tagstream-") && line.contains(".onnx (deleted)"));
      // The engine has its own copy.
      assertThat(engine.probabilities(Bundles.images(network, 1, 1, 2), 1)).hasNumberOfRows(1);
    }
  }

  @ParameterizedTest
  @EnumSource(EngineKind.class)
  void anImageLeavesOnlyItsPredictionOnTheHeap(EngineKind kind, @TempDir Path folder) {
    NetworkDescription network = NetworkDescription.alexNet(100, 0.05);
    ModelBundle bundle = Bundles.write(Initialisation.HE.draw(network, 1), folder);
    List<byte[]> images = Bundles.images(network, 64, 1, 2);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (LoadedModel model = Engines.load(bundle, new EngineOptions(kind, Device.CPU));
        Engine engine = model.newEngine(64)) {
      engine.probabilities(images, 1);
      long before = threads.getCurrentThreadAllocatedBytes();
      engine.probabilities(images, 1);
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      long answers = 64L * (network.classes() * Float.BYTES + 16);
      assertThat(allocated).isBetween(answers, answers + 64 * 1024);
    }
  }
}
