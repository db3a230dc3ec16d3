package io.tagstream.model.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Concurrent promotions leave live version and history in the same order. */
@Timeout(120)
class PromotionsAtOnceTest {
  private static final int EACH = 10;

  @TempDir private Path models;
  private final List<String> versions = new ArrayList<>();

  @BeforeEach
  void write() {
    for (int i = 0; i < 3; i++) {
      versions.add(new ModelStore(models).write(Drafts.tiny(i)).version());
    }
  }

  /**
   * Promotes repeatedly.
   *
   * @param arguments the store and the version
   */
  public static void main(String[] arguments) {
    promote(Path.of(arguments[0]), arguments[1]);
  }

  private static void promote(Path models, String version) {
    for (int i = 0; i < EACH; i++) {
      new ModelStore(models).promote(version, "ann");
    }
  }

  private void assertOneOrder() {
    ModelStore store = new ModelStore(models);
    List<LiveChange> history = store.history();
    assertThat(history).hasSize(1 + EACH * versions.size());
    assertThat(store.live()).isEqualTo(history.get(history.size() - 1).version());
    assertThat(store.lastChange()).contains(history.get(history.size() - 1));
    for (int i = 1; i < history.size(); i++) {
      assertThat(history.get(i).previous()).contains(history.get(i - 1).version());
    }
  }

  @Test
  void ofThreads() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(versions.size());
    try {
      List<Future<?>> promotions = new ArrayList<>();
      for (String version : versions) {
        promotions.add(threads.submit(() -> promote(models, version)));
      }
      for (Future<?> promotion : promotions) {
        promotion.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertOneOrder();
  }

  @Test
  void ofProcesses() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (String version : versions) {
      processes.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  PromotionsAtOnceTest.class.getName(),
                  models.toString(),
                  version)
              .redirectErrorStream(true)
              .start());
    }
    for (Process process : processes) {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(output).isZero();
    }
    assertOneOrder();
  }
}
