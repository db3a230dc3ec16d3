package io.tagstream.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Simulates a full disk by a process whose files are limited to 2 KiB, which a bundle's network
 * exceeds and its labels do not. The same system call fails as on a full disk.
 */
class FullDiskTest {
  @TempDir Path folder;

  /**
   * Writes a model.
   *
   * @param arguments the store
   */
  public static void main(String[] arguments) {
    try {
      new ModelStore(Path.of(arguments[0])).write(Drafts.tiny(2));
    } catch (ModelException e) {
      System.out.println(e.getMessage());
    }
  }

  @Test
  void aModelThatDoesNotFitLeavesNothingAndSaysWhy() throws IOException, InterruptedException {
    assumeThat(Path.of("/bin/bash")).exists();
    Path models = folder.resolve("models");
    ModelStore store = new ModelStore(models);
    String live = store.write(Drafts.tiny(1)).version();
    Process process =
        new ProcessBuilder(
                "/bin/bash",
                "-c",
                // The virtual machine's performance data file would exceed the limit too.
                "ulimit -f 2; exec \"$0\" -XX:-UsePerfData -XX:TieredStopAtLevel=1 \"$@\"",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                FullDiskTest.class.getName(),
                models.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();

    assertThat(output).contains("cannot write " + models).containsIgnoringCase("file too large");
    try (Stream<Path> left = Files.list(models)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(List.of(live, "live", "history"));
    }
    assertThat(store.openLive().version()).isEqualTo(live);
  }
}
