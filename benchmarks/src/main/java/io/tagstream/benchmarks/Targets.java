package io.tagstream.benchmarks;

import io.tagstream.benchmarks.engines.Contest;
import io.tagstream.benchmarks.engines.DecodeRates;
import io.tagstream.benchmarks.engines.EngineRates;
import io.tagstream.benchmarks.engines.IntegerAgreement;
import io.tagstream.benchmarks.engines.Roofline;
import io.tagstream.benchmarks.engines.StepRates;
import io.tagstream.benchmarks.ladder.EngineStep;
import io.tagstream.benchmarks.ladder.KafkaSinkStep;
import io.tagstream.benchmarks.ladder.Latency;
import io.tagstream.benchmarks.ladder.SwapLatency;
import io.tagstream.benchmarks.peers.NaiveFlink;
import io.tagstream.benchmarks.peers.TorchFlink;
import io.tagstream.benchmarks.peers.TorchStep;
import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.Probe;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The targets, with the figures that a run has measured. */
final class Targets {

  /** Multiplications and additions of the paper's network for one image. */
  private static final double FLOP = 2 * 724_406_816.0;

  /** Smallest share of images for which int8 must predict the same class as fp32. */
  private static final double MIN_AGREEMENT = 0.98;

  private final Results results;
  private final boolean full;

  /**
   * @param full whether the run was a full one
   */
  Targets(Results results, boolean full) {
    this.results = results;
    this.full = full;
  }

  List<Target> all() {
    return List.of(
        atLeast("engine-to-onnxruntime-plain", 1.8, batches(EngineRates.OURS, EngineRates.PLAIN)),
        atLeast(
            "engine-to-onnxruntime-rewritten",
            1.0,
            batches(EngineRates.OURS, EngineRates.REWRITTEN)),
        atLeast(
            "engine-to-onnxruntime-rewritten-batch-1",
            0.8,
            Results.ratio(
                engine(Contest.spaced(EngineRates.OURS)),
                engine(Contest.spaced(EngineRates.REWRITTEN)))),
        atLeast("best-engine-to-roofline", 0.7, Results.ratio(bestEngine(), roofline())),
        atLeast("end-to-end-to-ceiling", 0.85, Results.ratio(endToEnd(), ceiling(results))),
        atLeast(
            "exactly-once-to-at-least-once",
            0.97,
            Results.ratio(endToEnd(), rate(KafkaSinkStep.AtLeastOnce.class))),
        atLeast("end-to-end-to-naive-flink", 3, Results.ratio(endToEnd(), rate(NaiveFlink.class))),
        atLeast(
            "end-to-end-to-djl-flink",
            1.5,
            Results.ratio(endToEnd(), rate(TorchFlink.TorchBatched.class))),
        atLeast(
            "decode-to-opencv",
            0.8,
            Results.ratio(
                results.get(DecodeRates.class, DecodeRates.crops(1)),
                results.get(DecodeRates.class, DecodeRates.BARE))),
        atLeast(
            "training-step-to-djl",
            1.1,
            Results.ratio(rate(StepRates.class), rate(TorchStep.class))),
        atLeast("int8-to-fp32", 1.8, integers()),
        atMost(
            "latency-p99-to-batch",
            4,
            Results.ratio(results.get(Latency.class, Latency.P99), batchMillis())),
        atMost(
            "swap-p99-to-before",
            1.5,
            Results.ratio(
                results.get(SwapLatency.class, SwapLatency.P99_DURING),
                results.get(SwapLatency.class, SwapLatency.P99_AT_REST))));
  }

  /**
   * Images a second if nothing but decoding and the engine took time: cores / (1/decode +
   * 1/engine), with both rates on one core.
   */
  static OptionalDouble ceiling(Results results) {
    OptionalDouble decode = results.get(DecodeRates.class, DecodeRates.crops(1));
    OptionalDouble engine = results.get(EngineStep.class, Meter.RATE);
    if (decode.isEmpty() || engine.isEmpty()) {
      return OptionalDouble.empty();
    }
    int cores = Runtime.getRuntime().availableProcessors();
    return OptionalDouble.of(cores / (1 / decode.getAsDouble() + cores / engine.getAsDouble()));
  }

  /** Time of a full batch in the engine alone, in milliseconds. */
  private OptionalDouble batchMillis() {
    OptionalDouble rate = rate(EngineStep.class);
    return rate.isPresent()
        ? OptionalDouble.of(Bench.BATCH * 1e3 / rate.getAsDouble())
        : OptionalDouble.empty();
  }

  private OptionalDouble endToEnd() {
    return rate(KafkaSinkStep.ExactlyOnce.class);
  }

  private OptionalDouble rate(Class<? extends Probe> probe) {
    return results.get(probe, Meter.RATE);
  }

  private OptionalDouble engine(String figure) {
    return results.get(EngineRates.class, figure);
  }

  /** The lowest ratio of the batch sizes. */
  private OptionalDouble batches(String of, String peer) {
    return IntStream.of(16, 64)
        .mapToObj(
            batch ->
                Results.ratio(engine(Contest.batch(of, batch)), engine(Contest.batch(peer, batch))))
        .flatMapToDouble(OptionalDouble::stream)
        .min();
  }

  /** The lowest ratio of the batch sizes; 0 if too few predictions agree. */
  private OptionalDouble integers() {
    OptionalDouble same = results.get(IntegerAgreement.class, IntegerAgreement.SHARE);
    if (same.isEmpty()) {
      return same;
    }
    return same.getAsDouble() < MIN_AGREEMENT
        ? OptionalDouble.of(0)
        : batches(EngineRates.INTEGERS, EngineRates.REWRITTEN);
  }

  private OptionalDouble bestEngine() {
    return Stream.of(EngineRates.OURS, EngineRates.PLAIN, EngineRates.REWRITTEN)
        .map(name -> engine(Contest.batch(name, 64)))
        .flatMapToDouble(OptionalDouble::stream)
        .max();
  }

  /** Images a second at the best measured rate. */
  private OptionalDouble roofline() {
    return DoubleStream.concat(
            results.get(Roofline.class, Roofline.PRODUCT).stream(),
            results.get(Roofline.class, Roofline.CONVOLUTION).stream())
        .map(gigaflops -> gigaflops * 1e9 / FLOP)
        .max();
  }

  private Target atLeast(String name, double wanted, OptionalDouble measured) {
    return new Target(name, wanted, Target.Better.MORE, measured, full);
  }

  private Target atMost(String name, double wanted, OptionalDouble measured) {
    return new Target(name, wanted, Target.Better.LESS, measured, full);
  }
}
