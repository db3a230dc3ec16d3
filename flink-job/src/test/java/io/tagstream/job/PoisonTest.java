package io.tagstream.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.PoisonedJob.Fate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A job whose process dies at some images, restarted until every image has its prediction or
 * rejection.
 */
@Timeout(600)
class PoisonTest {
  private static final long IMAGES = 120;
  private static final int MOST_STARTS = 15;

  @TempDir private Path folder;

  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void stop() {
    processes.forEach(Process::destroyForcibly);
  }

  private Process start(int decoders, Map<Long, Fate> fates) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                // The process starts often and does little work.
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx512m",
                PoisonedJob.class.getName(),
                folder.toString(),
                Long.toString(IMAGES),
                Integer.toString(decoders)));
    fates.forEach((offset, fate) -> command.add(offset + "=" + fate));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
            .start();
    processes.add(process);
    return process;
  }

  /** Waits for the end of a process, and kills it when it waits to be killed. */
  private int end(Process process, Set<String> killed) throws Exception {
    while (process.isAlive()) {
      for (Fate fate : List.of(Fate.DECODER_WAITS, Fate.ENGINE_WAITS)) {
        for (int time = 1; time <= PoisonedJob.WAITS; time++) {
          if (Files.exists(folder.resolve(fate.name() + time)) && killed.add(fate.name() + time)) {
            process.destroyForcibly();
          }
        }
      }
      boolean unused = process.waitFor(20, TimeUnit.MILLISECONDS);
    }
    return process.waitFor();
  }

  /** Returns how often the process died before every image had its prediction or rejection. */
  private int deaths(Map<Long, Fate> fates) throws Exception {
    Set<String> killed = new HashSet<>();
    for (int deaths = 0; deaths < MOST_STARTS; deaths++) {
      // With another parallelism each time.
      if (end(start(2 + deaths % 2, fates), killed) == 0) {
        return deaths;
      }
    }
    throw new AssertionError(
        "it died %d times: %s".formatted(MOST_STARTS, Files.readString(folder.resolve("log"))));
  }

  private List<String> committed(String output) throws IOException {
    List<String> lines = new ArrayList<>();
    if (!Files.exists(folder.resolve(output))) {
      return lines;
    }
    try (Stream<Path> files = Files.list(folder.resolve(output))) {
      for (Path file :
          files.filter(file -> !file.getFileName().toString().startsWith(".")).toList()) {
        lines.addAll(Files.readAllLines(file));
      }
    }
    return lines;
  }

  private void assertPredicted(Map<Long, Fate> apart) throws IOException {
    assertThat(committed("predictions"))
        .containsExactlyInAnyOrderElementsOf(
            LongStream.range(0, IMAGES)
                .filter(offset -> !apart.containsKey(offset))
                .mapToObj(Long::toString)
                .toList());
  }

  @Test
  void onlyTheImageThatEndsTheProcessAloneIsRejected() throws Exception {
    Map<Long, Fate> fates =
        Map.of(
            30L, Fate.DECODER_DIES,
            33L, Fate.ENGINE_DIES,
            61L, Fate.ENGINE_HANGS);
    assertThat(deaths(fates)).isLessThanOrEqualTo(3 * fates.size());
    assertPredicted(fates);
    assertThat(committed("rejections"))
        .containsExactlyInAnyOrder(
            "30 decode the process ended twice while this image alone was decoded",
            "33 inference the process ended twice while the model computed this image alone",
            "61 inference the process ended twice while the model computed this image alone");
  }

  @Test
  void noImageIsRejectedWhenTheProcessIsKilledFromOutside() throws Exception {
    assertThat(deaths(Map.of(20L, Fate.DECODER_WAITS, 70L, Fate.ENGINE_WAITS)))
        .isEqualTo(2 * PoisonedJob.WAITS);
    assertPredicted(Map.of());
    assertThat(committed("rejections")).isEmpty();
  }
}
