package io.tagstream.benchmarks;

import io.tagstream.benchmarks.engines.DecodePixels;
import io.tagstream.benchmarks.engines.DecodeRates;
import io.tagstream.benchmarks.engines.EngineRates;
import io.tagstream.benchmarks.engines.GpuRates;
import io.tagstream.benchmarks.engines.IntegerAgreement;
import io.tagstream.benchmarks.engines.Roofline;
import io.tagstream.benchmarks.engines.StepRates;
import io.tagstream.benchmarks.engines.TowerRates;
import io.tagstream.benchmarks.growth.StoreGrowth;
import io.tagstream.benchmarks.growth.StreamGrowth;
import io.tagstream.benchmarks.ladder.DecodeStep;
import io.tagstream.benchmarks.ladder.EngineStep;
import io.tagstream.benchmarks.ladder.KafkaSinkStep;
import io.tagstream.benchmarks.ladder.KafkaSourceStep;
import io.tagstream.benchmarks.ladder.Latency;
import io.tagstream.benchmarks.ladder.MemoryStep;
import io.tagstream.benchmarks.ladder.Overload;
import io.tagstream.benchmarks.ladder.SleepingEngines;
import io.tagstream.benchmarks.ladder.SwapLatency;
import io.tagstream.benchmarks.peers.ConsumerLoop;
import io.tagstream.benchmarks.peers.NaiveFlink;
import io.tagstream.benchmarks.peers.TorchFlink;
import io.tagstream.benchmarks.peers.TorchRates;
import io.tagstream.benchmarks.peers.TorchStep;
import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeRunner;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.engine.onnxruntime.SessionWeights;
import io.tagstream.settings.UserException;
import java.io.PrintWriter;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs the probes of a benchmark, in a fixed order. */
final class Bench {
  static final int BATCH = 32;

  /**
   * The ladder runs with one view of each image; a full run repeats it with these numbers of views.
   */
  static final List<Integer> MORE_VIEWS = List.of(2, 10);

  /**
   * Records before the counted ones. The JIT compiles the path of a record through Flink and Kafka
   * after some hundreds of records and again after 5,000, each time for seconds; the counted
   * records are between the two.
   */
  static final int WARM_UP = 3000;

  /** Warm-up of a full run, whose counted records come after both compilations. */
  private static final int LONG_WARM_UP = 6500;

  static final int COUNT = 1600;

  /** Most records that a job reads ahead of the counted ones. */
  private static final int AHEAD = 1400;

  /** Loads in percent of the saturation rate. */
  static final List<Integer> LOADS = List.of(10, 25, 50, 70, 85, 95);

  /** Sizes of the training store. */
  static final List<Integer> ROWS = List.of(100, 1_000, 10_000, 100_000);

  private static final int SLEEPING_SECONDS = 10;

  /** Small images a second in a stream of a million. */
  private static final int STREAM_RATE = 2500;

  private static final int OVERLOAD = 10;
  private static final int OVERLOAD_SECONDS = 8;

  private static final int PEER_WARM_UP = 256;
  private static final int PEER_COUNT = 384;
  private static final int LATENCY_WARM_SECONDS = 20;
  private static final int LATENCY_SECONDS = 30;
  private static final int SWAP_WARM_SECONDS = 180;
  private static final int SWAPS = 20;
  private static final int STEP_WARM_UP = 2;
  private static final int STEPS = 7;
  private static final int ENGINE_WARM_UP = 1;
  private static final int ENGINE_TURNS = 5;

  /** The steps of the ladder with their titles, from the bottom. */
  static final Map<Class<? extends Probe>, String> LADDER = ladder();

  private final ProbeRunner runner;
  private final ProbeTask task;
  private final Optional<String> labelled;
  private final PrintWriter err;

  /**
   * @param labelled the folder of images, if it has a folder for each class
   */
  Bench(ProbeRunner runner, ProbeTask task, Optional<String> labelled, PrintWriter err) {
    this.runner = runner;
    this.task = task;
    this.labelled = labelled;
    this.err = err;
  }

  private static Map<Class<? extends Probe>, String> ladder() {
    Map<Class<? extends Probe>, String> steps = new LinkedHashMap<>();
    steps.put(EngineStep.class, "engine on decoded crops");
    steps.put(DecodeStep.class, "+ decode and preprocess");
    steps.put(MemoryStep.class, "+ Flink, source in memory");
    steps.put(KafkaSourceStep.class, "+ Kafka source");
    steps.put(KafkaSinkStep.AtLeastOnce.class, "+ Kafka sink, at least once");
    steps.put(KafkaSinkStep.ExactlyOnce.class, "+ exactly once");
    return Collections.unmodifiableMap(steps);
  }

  /** Images on the topic: more than any probe reads. */
  static int topic(int rounds) {
    return warmUp(rounds) + COUNT + AHEAD;
  }

  private static int warmUp(int rounds) {
    return rounds > 1 ? LONG_WARM_UP : WARM_UP;
  }

  /**
   * Runs all probes, or with one round only those of a quick run.
   *
   * @param rounds rounds in which ladder and peers alternate
   */
  Results run(int rounds) throws InterruptedException {
    Results results = new Results();
    add(results, EngineRates.class, task.times(ENGINE_WARM_UP, ENGINE_TURNS * rounds));
    add(results, TorchRates.class, task.times(ENGINE_WARM_UP, ENGINE_TURNS * rounds));
    add(results, TowerRates.class, task.times(ENGINE_WARM_UP, ENGINE_TURNS * rounds));
    add(results, Roofline.class, task.times(ENGINE_WARM_UP, ENGINE_TURNS * rounds));
    add(results, DecodeRates.class, task.times(ENGINE_WARM_UP, ENGINE_TURNS * rounds));
    add(results, DecodePixels.class, task);
    if (rounds > 1) {
      ProbeTask turns = task.times(ENGINE_WARM_UP, ENGINE_TURNS);
      ProbeTask steps = task.times(STEP_WARM_UP, STEPS);
      addOnOneThread(results, EngineRates.class, turns);
      addOnOneThread(results, TorchRates.class, turns);
      addOnOneThread(results, StepRates.class, steps);
      addOnOneThread(results, TorchStep.class, steps);
    }
    ProbeTask climb = task.times(warmUp(rounds), COUNT);
    for (int round = 0; round < rounds; round++) {
      for (Class<? extends Probe> step : LADDER.keySet()) {
        add(results, step, climb);
      }
      if (rounds > 1) {
        add(results, KafkaSinkStep.ExactlyOnceEachSecond.class, climb);
        add(results, KafkaSinkStep.ExactlyOnceEachHalfMinute.class, climb);
      }
      add(results, NaiveFlink.class, task.times(PEER_WARM_UP, PEER_COUNT));
      add(results, ConsumerLoop.class, task.times(PEER_WARM_UP, PEER_COUNT));
      add(results, TorchFlink.TorchSingle.class, task.times(PEER_WARM_UP, PEER_COUNT));
      add(results, TorchFlink.TorchBatched.class, task.times(PEER_WARM_UP, PEER_COUNT));
      add(results, StepRates.class, task.times(STEP_WARM_UP, STEPS));
      add(results, TorchStep.class, task.times(STEP_WARM_UP, STEPS));
    }
    double saturation = results.get(KafkaSinkStep.ExactlyOnce.class, Meter.RATE).orElseThrow();
    double half = saturation / 2;
    add(
        results,
        Latency.class,
        task.times((int) (half * LATENCY_WARM_SECONDS), (int) (half * LATENCY_SECONDS))
            .atRate(half));
    if (rounds > 1) {
      addLoads(results, saturation);
      double tenfold = OVERLOAD * saturation;
      addIfPossible(
          results,
          Overload.class,
          task.times(0, (int) (tenfold * OVERLOAD_SECONDS)).atRate(tenfold));
      addIfPossible(
          results,
          SwapLatency.class,
          task.times((int) (half * SWAP_WARM_SECONDS), SWAPS).atRate(half));
      addGrowth(results);
      for (Class<? extends Probe> step : LADDER.keySet()) {
        for (int views : MORE_VIEWS) {
          ProbeTask more = task.times(WARM_UP / views, COUNT / views).of(views);
          results.add(step, Map.of(rate(views), run(step, more).get(Meter.RATE)));
        }
      }
    }
    if (rounds > 1 && labelled.isPresent()) {
      addIfPossible(results, IntegerAgreement.class, task.on(labelled.get()));
    } else if (rounds > 1) {
      err.println(
          "skipped: the agreement of int8 with fp32 needs photos in a folder for each class");
    }
    return results;
  }

  /** Runs the probes of a GPU. */
  Results runOnGpu() throws InterruptedException {
    Results results = new Results();
    ProbeTask turns = task.times(ENGINE_WARM_UP, ENGINE_TURNS);
    for (int batch : GpuRates.BATCHES) {
      addIfPossible(results, GpuRates.class, turns.inBatchesOf(batch));
    }
    if (SessionWeights.cudaInBuild()) {
      // Only this build trains on the processors.
      addIfPossible(results, StepRates.class, task.times(STEP_WARM_UP, STEPS));
    }
    if (results.all().isEmpty()) {
      throw new UserException("nothing could be measured on the GPU: see the reasons above");
    }
    return results;
  }

  private void addGrowth(Results results) throws InterruptedException {
    for (Map.Entry<Class<? extends SleepingEngines>, Integer> engines :
        SleepingEngines.BY_COUNT.entrySet()) {
      int second = SleepingEngines.RATE_OF_ONE * engines.getValue();
      add(results, engines.getKey(), task.times(second, SLEEPING_SECONDS * second));
    }
    for (int rows : ROWS) {
      run(StoreGrowth.class, task.times(0, rows))
          .forEach(
              (figure, value) -> results.add(StoreGrowth.class, Map.of(of(figure, rows), value)));
    }
    addIfPossible(
        results,
        StreamGrowth.class,
        task.times(0, Collections.max(StreamGrowth.SIZES)).atRate(STREAM_RATE));
  }

  /** A figure of {@link StoreGrowth} for a number of rows. */
  static String of(String figure, int rows) {
    return "%s of %d rows".formatted(figure, rows);
  }

  private void addLoads(Results results, double saturation) throws InterruptedException {
    for (int percent : LOADS) {
      double rate = saturation * percent / 100;
      run(
              Latency.class,
              task.times((int) (rate * LATENCY_WARM_SECONDS), (int) (rate * LATENCY_SECONDS))
                  .atRate(rate))
          .forEach(
              (figure, value) -> results.add(Latency.class, Map.of(at(figure, percent), value)));
      results.add(Latency.class, Map.of(at(Meter.RATE, percent), rate));
    }
  }

  /** A figure of {@link Latency} at a share of the saturation rate. */
  static String at(String figure, int percent) {
    return "%s at %d %%".formatted(figure, percent);
  }

  /** The figure of a step with several views, in images/s. */
  static String rate(int views) {
    return "%s of %d views".formatted(Meter.RATE, views);
  }

  private void addOnOneThread(Results results, Class<? extends Probe> probe, ProbeTask of)
      throws InterruptedException {
    run(probe, of.onThreads(1))
        .forEach((figure, value) -> results.add(probe, Map.of(onOneThread(figure), value)));
  }

  /** A figure on one thread instead of one for each processor. */
  static String onOneThread(String figure) {
    return figure + ", one thread";
  }

  private void add(Results results, Class<? extends Probe> probe, ProbeTask of)
      throws InterruptedException {
    results.add(probe, run(probe, of));
  }

  /** Runs a probe for which the machine may be too slow; a failure only leaves out its figures. */
  private void addIfPossible(Results results, Class<? extends Probe> probe, ProbeTask of)
      throws InterruptedException {
    try {
      add(results, probe, of);
    } catch (UserException e) {
      err.println("skipped: " + e.getMessage());
      err.flush();
    }
  }

  private Map<String, Double> run(Class<? extends Probe> probe, ProbeTask of)
      throws InterruptedException {
    long start = System.nanoTime();
    Map<String, Double> figures = runner.run(probe, of);
    err.printf(
        "%s in %d s%s%n",
        probe.getSimpleName(),
        (System.nanoTime() - start) / 1_000_000_000,
        figures.containsKey(Meter.RATE)
            ? ": %.1f images/s".formatted(figures.get(Meter.RATE))
            : "");
    err.flush();
    return figures;
  }
}
