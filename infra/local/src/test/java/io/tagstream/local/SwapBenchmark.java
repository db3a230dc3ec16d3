package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.consumers.TopicReader;
import io.tagstream.model.store.ModelStore;
import io.tagstream.producers.Pace;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Swaps two versions of the full network a hundred times in a job that the launcher starts as a
 * process, while images arrive at a steady rate, and prints latencies and memory. Nothing may be
 * lost, and no micro-batch may mix versions. {@code mvn -pl infra/local -am test -Plong
 * -Dtest=SwapBenchmark -Dsurefire.failIfNoSpecifiedTests=false}, after {@code ./tagstream --help}
 * has built the job. {@code -Dswaps=10} runs fewer swaps.
 */
@Tag("long")
final class SwapBenchmark {
  private static final int SWAPS = Integer.getInteger("swaps", 100);
  private static final int IMAGES_PER_SECOND = 20;
  private static final Duration BETWEEN = Duration.ofSeconds(7);

  /** Time between the promotion of a version in the store and its announcement to the job. */
  private static final Duration PROMOTED_BEFORE = Duration.ofSeconds(2);

  @TempDir private Path directory;

  /**
   * Number of swaps between two phases without swaps, so that noise of the machine affects both
   * figures.
   */
  private static final int SWAPS_A_ROUND = 10;

  private static final Duration REST = Duration.ofSeconds(20);

  /**
   * Warm-up: the JIT compiler keeps a processor busy in a job's first minutes, with or without a
   * swap.
   */
  private static final Duration UNTIL_WARM = Duration.ofMinutes(3);

  private record Swap(String version, Instant announced) {}

  /** Images that arrive within this time are answered without a swap nearby. */
  private record Rest(Instant from, Instant to) {
    boolean has(Instant instant) {
      return !instant.isBefore(from) && instant.isBefore(to);
    }
  }

  /** Memory in MiB. */
  private record Usage(int resident, int anonymous, int threads) {
    static Usage of(Process process) throws IOException {
      Map<String, Integer> kilobytes = new HashMap<>();
      for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
        String[] parts = line.split("[:\\s]+", -1);
        if (parts.length > 1 && parts[1].matches("[0-9]+")) {
          kilobytes.put(parts[0], Integer.valueOf(parts[1]));
        }
      }
      return new Usage(
          kilobytes.get("VmRSS") / 1024, kilobytes.get("RssAnon") / 1024, kilobytes.get("Threads"));
    }
  }

  @Test
  void printsLatenciesAndMemoryOfAHundredSwaps() throws Exception {
    try (TestStream stream =
        new TestStream(directory, Settings.load(Optional.empty(), Map.of(), Map.of()))) {
      ModelStore models = new ModelStore(directory.resolve("full"));
      List<String> versions =
          List.of(TestStream.writeModel(models, 1, 1), TestStream.writeModel(models, 2, 1));
      Process job = job(stream, models.root());
      try {
        measure(stream, models, versions, job);
      } finally {
        job.destroy();
        job.waitFor();
      }
    }
  }

  private Process job(TestStream stream, Path models) throws IOException {
    Path root = Path.of("").toAbsolutePath().getParent().getParent();
    return new ProcessBuilder(
            root.resolve("tagstream").toString(),
            "job",
            "--bootstrap-server",
            stream.bootstrapServer(),
            "--models",
            models.toString(),
            "--checkpoints",
            stream.checkpoints().toString(),
            "--name",
            "swaps")
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("job.log").toFile())
        .start();
  }

  private void measure(TestStream stream, ModelStore models, List<String> versions, Process job)
      throws Exception {
    List<Prediction> predictions = new CopyOnWriteArrayList<>();
    Pace pace = Pace.perSecond(IMAGES_PER_SECOND);
    try (TopicReader<Prediction> reader =
        TopicReader.open(
            stream.connection(),
            TestStream.TOPICS.predictions(),
            WireFormat.of(Prediction.class))) {
      CompletableFuture<Void> reading =
          CompletableFuture.runAsync(
              () ->
                  reader.read(
                      TopicReader.Start.BEGINNING,
                      TopicReader.Stop.NEVER,
                      new Collecting(predictions)));
      CompletableFuture<Integer> sending =
          CompletableFuture.supplyAsync(
              () -> stream.sendSteadily(TestStream.TOPICS.images(), pace));
      try {
        while (predictions.isEmpty()) {
          assertThat(job.isAlive()).as(Files.readString(directory.resolve("job.log"))).isTrue();
          TimeUnit.MILLISECONDS.sleep(100);
        }
        sleepUntil(Instant.now().plus(UNTIL_WARM));
        List<Rest> rests = new ArrayList<>();
        List<Swap> swaps = new ArrayList<>();
        List<Usage> usages = new ArrayList<>();
        while (swaps.size() < SWAPS) {
          if (swaps.size() % SWAPS_A_ROUND == 0) {
            rests.add(rest());
          }
          swaps.add(swap(stream, models, versions.get((swaps.size() + 1) % versions.size())));
          usages.add(Usage.of(job));
        }
        pace.stop();
        int sent = sending.get();
        Instant deadline = Instant.now().plus(BETWEEN.multipliedBy(10));
        while (predictions.size() < sent && Instant.now().isBefore(deadline)) {
          TimeUnit.MILLISECONDS.sleep(100);
        }
        print(List.copyOf(predictions), rests, swaps, usages);
        requireUnmixed(List.copyOf(predictions));
        assertThat(stream.allPredictions())
            .as("one for each image")
            .hasSize(sent)
            .extracting(Prediction::getSource)
            .doesNotHaveDuplicates();
      } finally {
        pace.stop();
        reader.stop();
        reading.get();
      }
    }
  }

  private static Swap swap(TestStream stream, ModelStore models, String version)
      throws InterruptedException {
    Instant begin = Instant.now();
    // Opening reads and hashes the whole bundle, which must not count as the job's work.
    models.promote(version, "a benchmark");
    sleepUntil(begin.plus(PROMOTED_BEFORE));
    Instant announced = Instant.now();
    stream.announce(version);
    sleepUntil(begin.plus(BETWEEN));
    return new Swap(version, announced);
  }

  private static Rest rest() throws InterruptedException {
    Instant from = Instant.now();
    Instant to = from.plus(REST);
    sleepUntil(to);
    return new Rest(from, to);
  }

  private static void sleepUntil(Instant instant) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(Math.max(0, Duration.between(Instant.now(), instant).toNanos()));
  }

  private static void print(
      List<Prediction> predictions, List<Rest> rests, List<Swap> swaps, List<Usage> usages) {
    List<Duration> between = new ArrayList<>();
    List<Duration> during = new ArrayList<>();
    List<Duration> switches = new ArrayList<>();
    for (Prediction prediction : predictions) {
      Instant appended = prediction.getAppendedAt();
      if (rests.stream().anyMatch(rest -> rest.has(appended))) {
        between.add(Duration.between(appended, prediction.getPredictedAt()));
      }
    }
    for (Swap swap : swaps) {
      Instant answered =
          predictions.stream()
              .filter(prediction -> prediction.getModelVersion().equals(swap.version()))
              .map(Prediction::getPredictedAt)
              .filter(at -> at.isAfter(swap.announced()))
              .min(Comparator.naturalOrder())
              .orElseThrow();
      switches.add(Duration.between(swap.announced(), answered));
      for (Prediction prediction : predictions) {
        if (prediction.getAppendedAt().isAfter(swap.announced())
            && prediction.getAppendedAt().isBefore(answered.plusSeconds(1))) {
          during.add(Duration.between(prediction.getAppendedAt(), prediction.getPredictedAt()));
        }
      }
    }
    System.out.printf(
        "%d swaps, announced to first answer: median %d ms, at most %d ms%n",
        swaps.size(), percentile(switches, 50), percentile(switches, 100));
    System.out.printf(
        "appended to predicted, p50 and p99: between %d and %d ms of %d, during %d and %d ms of %d, p99 %.2f times%n",
        percentile(between, 50),
        percentile(between, 99),
        between.size(),
        percentile(during, 50),
        percentile(during, 99),
        during.size(),
        (double) percentile(during, 99) / percentile(between, 99));
    System.out.printf(
        "after swap 3 %s, after the last %s%n",
        usages.get(Math.min(2, usages.size() - 1)), usages.get(usages.size() - 1));
  }

  private static void requireUnmixed(List<Prediction> predictions) {
    Map<Instant, Set<String>> versionsByInstant =
        predictions.stream()
            .collect(
                Collectors.groupingBy(
                    Prediction::getPredictedAt,
                    Collectors.mapping(Prediction::getModelVersion, Collectors.toSet())));
    assertThat(versionsByInstant.values())
        .as("a batch has one instant and one version")
        .allSatisfy(versions -> assertThat(versions).hasSize(1));
    System.out.printf("no batch of %d by two versions%n", versionsByInstant.size());
  }

  private static long percentile(List<Duration> durations, int percent) {
    List<Duration> sorted = durations.stream().sorted().toList();
    return sorted.get((sorted.size() - 1) * percent / 100).toMillis();
  }

  private record Collecting(List<Prediction> predictions) implements TopicReader.Sink<Prediction> {
    @Override
    public boolean record(Prediction prediction) {
      predictions.add(prediction);
      return true;
    }

    @Override
    public boolean malformed(String where, String reason) {
      throw new AssertionError(where + ": " + reason);
    }
  }
}
