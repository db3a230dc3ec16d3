package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Topics;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Overloads the whole job with default settings: sends the task's count of images at the task's
 * rate, which is many times the saturation rate. Measures whether all images are answered, whether
 * checkpoints continue, and whether the heap stays flat while the topic fills and empties.
 */
public final class Overload implements Probe {
  public static final String SENT = "sent";
  public static final String ANSWERED = "answered";
  public static final String WAIT = "longest wait s";
  public static final String CHECKPOINTS = "checkpoints";
  public static final String SECONDS = "seconds";

  /** Largest heap after a garbage collection, in the first and in the last third. */
  public static final String HEAP_EARLY = "heap MiB, first third";

  public static final String HEAP_LATE = "heap MiB, last third";

  private static final Duration SAMPLED_EACH = Duration.ofMillis(500);
  private static final Topics TOPICS = new Topics("overload-");

  @Override
  public Map<String, Double> measure(ProbeTask task) throws Exception {
    SteadyJob job = SteadyJob.start(task, Path.of(task.models()), TOPICS);
    long start = System.nanoTime();
    CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> job.send(task.count()));
    CompletableFuture<List<Prediction>> answering =
        CompletableFuture.supplyAsync(() -> job.predictions(task.count()));
    List<Double> alive = new ArrayList<>();
    while (!isDone(answering)) {
      alive.add(aliveMebibytes());
    }
    sending.get();
    List<Prediction> predictions = answering.get();
    Set<String> answered = new HashSet<>();
    predictions.forEach(prediction -> answered.add(prediction.getImageId()));
    int third = Math.max(1, alive.size() / 3);
    return Map.of(
        SENT,
        (double) task.count(),
        ANSWERED,
        (double) answered.size(),
        WAIT,
        longestWait(predictions).toMillis() / 1e3,
        CHECKPOINTS,
        (double) newestCheckpoint(job.checkpoints()),
        SECONDS,
        (System.nanoTime() - start) / 1e9,
        HEAP_EARLY,
        alive.subList(0, third).stream().mapToDouble(Double::doubleValue).max().orElseThrow(),
        HEAP_LATE,
        alive.subList(alive.size() - third, alive.size()).stream()
            .mapToDouble(Double::doubleValue)
            .max()
            .orElseThrow());
  }

  private static boolean isDone(CompletableFuture<?> work)
      throws InterruptedException, ExecutionException {
    try {
      work.get(SAMPLED_EACH.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  private static double aliveMebibytes() {
    long bytes = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      MemoryUsage afterCollection = pool.getCollectionUsage();
      if (pool.getType() == MemoryType.HEAP && afterCollection != null) {
        bytes += afterCollection.getUsed();
      }
    }
    return bytes / 1048576.0;
  }

  private static Duration longestWait(List<Prediction> predictions) {
    return predictions.stream()
        .map(SteadyJob::latency)
        .max(Duration::compareTo)
        .orElse(Duration.ZERO);
  }

  /** The number of the newest checkpoint. Numbers start at 1, so it is also the count. */
  private static int newestCheckpoint(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("chk-"))
          .mapToInt(name -> Integer.parseInt(name.substring("chk-".length())))
          .max()
          .orElse(0);
    }
  }
}
