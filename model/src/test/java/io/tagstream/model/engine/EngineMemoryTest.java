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

/** What engines leave behind: nothing outside the heap when closed, nothing inside it per image. */
class EngineMemoryTest {
  private static final Path STATUS = Path.of("/proc/self/status");

  /** Half of the 30 MB that one round needs, so that a leak of a weight or a buffer shows. */
  @ParameterizedTest
  @EnumSource(EngineKind.class)
  void openingAndClosingLeavesNothing(EngineKind kind, @TempDir Path folder) throws IOException {
    openAndClose(kind, NetworkDescription.alexNet(100, 0.25), 4, folder);
  }

  @Tag("long")
  @ParameterizedTest
  @EnumSource(EngineKind.class)
  void openingAndClosingThePapersSizeLeavesNothing(EngineKind kind, @TempDir Path folder)
      throws IOException {
    openAndClose(kind, NetworkDescription.alexNet(1000), 64, folder);
  }

  private static void openAndClose(
      EngineKind kind, NetworkDescription network, int batch, Path folder) throws IOException {
    assumeTrue(Files.exists(STATUS), "the resident size is read from " + STATUS);
    ModelBundle bundle = Bundles.write(Initialisation.HE.draw(network, 1), folder);
    List<byte[]> images = Bundles.images(network, batch, 1, 2);
    long before = 0;
    for (int round = 0; round < 50; round++) {
      if (round == 10) {
        before = outsideHeapKilobytes();
      }
      try (LoadedModel model = Engines.load(bundle, new EngineOptions(kind, Device.CPU));
          Engine engine = model.newEngine(batch)) {
        assertThat(engine.probabilities(images, 1)).hasNumberOfRows(batch);
      }
    }
    long grown = outsideHeapKilobytes() - before;
    long weights = 4 * network.parameters().stream().mapToLong(p -> p.count()).sum() / 1024;
    assertThat(grown).isLessThan(2 * weights);
  }

  @ParameterizedTest
  @EnumSource(EngineKind.class)
  void whatIsLoadedIsNotMappedAnyMore(EngineKind kind, @TempDir Path folder) throws IOException {
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
      // Neither the file nor the copy that was made of it, which has no name.
      assertThat(Files.readAllLines(maps))
          .noneMatch(line -> line.contains(bundle.onnx().toString()))
          .filteredOn(line -> !before.contains(line))
          .noneMatch(line -> line.contains("/tagstream-") && line.contains(".onnx (deleted)"));
      // The engine has copied what it needs.
      assertThat(engine.probabilities(Bundles.images(network, 1, 1, 2), 1)).hasNumberOfRows(1);
    }
  }

  /** What is not heap, which may have grown meanwhile; its pages are written to before. */
  private static long outsideHeapKilobytes() throws IOException {
    long megabytes = Runtime.getRuntime().totalMemory() >> 20;
    long written = 0;
    for (int i = 0; i < 2 * megabytes; i++) {
      written += new byte[1 << 20].length;
    }
    assertThat(written).isPositive();
    long resident =
        Files.readAllLines(STATUS).stream()
            .filter(line -> line.startsWith("RssAnon:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
            .findFirst()
            .orElseThrow();
    return resident - Runtime.getRuntime().totalMemory() / 1024;
  }

  @ParameterizedTest
  @EnumSource(EngineKind.class)
  void anImageLeavesNothingButItsAnswerOnTheHeap(EngineKind kind, @TempDir Path folder) {
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
