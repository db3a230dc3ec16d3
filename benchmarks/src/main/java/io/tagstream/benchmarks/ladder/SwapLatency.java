package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.DrawnModel;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Measures the effect of model swaps on latency at the task's steady rate: percentiles of the time
 * from append to prediction during swaps, which last from the announcement until one second after
 * the first prediction of the new version, and in rests between swaps. The task's warm-up images
 * come before the first rest and are enough for the JIT to compile the job; its count is the number
 * of swaps.
 */
public final class SwapLatency implements Probe {
  public static final String P50_AT_REST = "p50 ms at rest";
  public static final String P99_AT_REST = "p99 ms at rest";
  public static final String P50_DURING = "p50 ms during swaps";
  public static final String P99_DURING = "p99 ms during swaps";
  public static final String SLOWEST = "slowest switch ms";

  private static final int SWAPS_A_ROUND = 5;
  private static final Duration REST = Duration.ofSeconds(20);

  /**
   * Time between swaps. A swap under this load takes 4 to 8 s, and the next one must not begin
   * before it ends.
   */
  private static final Duration BETWEEN = Duration.ofSeconds(12);

  /**
   * Time from the promotion to the announcement: a promotion reads the whole bundle, which disturbs
   * this process.
   */
  private static final Duration PROMOTED_BEFORE = Duration.ofSeconds(2);

  private static final Topics TOPICS = new Topics("swaps-");

  private record Period(Instant from, Instant to) {
    boolean has(Prediction prediction) {
      Instant appended = prediction.getAppendedAt();
      return !appended.isBefore(from) && appended.isBefore(to);
    }
  }

  private record Swap(String version, Instant announced) {
    Instant answered(List<Prediction> predictions) {
      return predictions.stream()
          .filter(prediction -> prediction.getModelVersion().equals(version))
          .map(Prediction::getPredictedAt)
          .filter(at -> at.isAfter(announced))
          .min(Instant::compareTo)
          .orElseThrow(() -> new IllegalStateException(version + " computed no prediction"));
    }
  }

  @Override
  public Map<String, Double> measure(ProbeTask task) throws Exception {
    Path models = task.newFolder();
    ModelStore store = new ModelStore(models);
    List<String> versions = twins(task, store);
    SteadyJob job = SteadyJob.start(task, models, TOPICS);
    int rounds = Math.max(1, task.count() / SWAPS_A_ROUND);
    Duration measured = REST.plus(BETWEEN.multipliedBy(SWAPS_A_ROUND)).multipliedBy(rounds);
    int images = task.warmUp() + (int) (task.rate() * measured.toSeconds());
    Instant warm = Instant.now().plusMillis((long) (1000 * task.warmUp() / task.rate()));
    CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> job.send(images));
    sleepUntil(warm);
    List<Period> rests = new ArrayList<>();
    List<Swap> swaps = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      Instant from = Instant.now();
      sleepUntil(from.plus(REST));
      rests.add(new Period(from, Instant.now()));
      for (int i = 0; i < SWAPS_A_ROUND; i++) {
        swaps.add(swap(task, store, versions.get((swaps.size() + 1) % versions.size())));
      }
    }
    sending.get();
    return figures(job.predictions(images), rests, swaps);
  }

  /** A store with the task's model in two versions. */
  private static List<String> twins(ProbeTask task, ModelStore store) {
    ModelBundle bundle = new ModelStore(Path.of(task.models())).openLive();
    List<String> versions = new ArrayList<>();
    try (Weights weights = bundle.weights()) {
      for (int i = 0; i < 2; i++) {
        versions.add(store.write(DrawnModel.of(weights)).version());
      }
    }
    return versions;
  }

  private static Swap swap(ProbeTask task, ModelStore store, String version)
      throws InterruptedException, ExecutionException {
    Instant begin = Instant.now();
    store.promote(version, "a benchmark");
    sleepUntil(begin.plus(PROMOTED_BEFORE));
    Instant announced = Instant.now();
    ModelUpdate update =
        ModelUpdate.newBuilder()
            .setStatus(ModelStatus.PROMOTED.word())
            .setVersion(version)
            .setBy("a benchmark")
            .setAt(announced)
            .build();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            task.connection().producerProperties(),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer
          .send(
              new ProducerRecord<>(
                  TOPICS.modelUpdates(), WireFormat.of(ModelUpdate.class).encode(update)))
          .get();
    }
    sleepUntil(begin.plus(BETWEEN));
    return new Swap(version, announced);
  }

  private static Map<String, Double> figures(
      List<Prediction> predictions, List<Period> rests, List<Swap> swaps) {
    List<Period> during = new ArrayList<>();
    long slowest = 0;
    for (int i = 0; i < swaps.size(); i++) {
      Swap swap = swaps.get(i);
      Instant answered = swap.answered(predictions);
      if (i + 1 < swaps.size() && answered.isAfter(swaps.get(i + 1).announced())) {
        throw new IllegalStateException(
            "a swap took longer than %s, so its latencies cannot be measured".formatted(BETWEEN));
      }
      during.add(new Period(swap.announced(), answered.plusSeconds(1)));
      slowest = Math.max(slowest, Duration.between(swap.announced(), answered).toMillis());
    }
    List<Duration> resting = latencies(predictions, rests);
    List<Duration> swapping = latencies(predictions, during);
    return Map.of(
        P50_AT_REST,
        SteadyJob.percentile(resting, 50),
        P99_AT_REST,
        SteadyJob.percentile(resting, 99),
        P50_DURING,
        SteadyJob.percentile(swapping, 50),
        P99_DURING,
        SteadyJob.percentile(swapping, 99),
        SLOWEST,
        (double) slowest);
  }

  private static List<Duration> latencies(List<Prediction> predictions, List<Period> periods) {
    return predictions.stream()
        .filter(prediction -> periods.stream().anyMatch(period -> period.has(prediction)))
        .map(SteadyJob::latency)
        .toList();
  }

  private static void sleepUntil(Instant instant) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(Math.max(0, Duration.between(Instant.now(), instant).toNanos()));
  }
}
