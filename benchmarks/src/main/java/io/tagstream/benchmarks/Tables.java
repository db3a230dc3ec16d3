package io.tagstream.benchmarks;

import io.tagstream.benchmarks.engines.Contest;
import io.tagstream.benchmarks.engines.DecodeRates;
import io.tagstream.benchmarks.engines.EngineRates;
import io.tagstream.benchmarks.engines.IntegerAgreement;
import io.tagstream.benchmarks.engines.Roofline;
import io.tagstream.benchmarks.engines.StepRates;
import io.tagstream.benchmarks.ladder.KafkaSinkStep;
import io.tagstream.benchmarks.peers.NaiveFlink;
import io.tagstream.benchmarks.peers.TorchFlink;
import io.tagstream.benchmarks.peers.TorchRates;
import io.tagstream.benchmarks.peers.TorchStep;
import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.benchmarks.probe.Probe;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** A run's figures, as tables. */
final class Tables {
  private static final String NONE = "-";

  /** A stage and what the names of its threads begin with. */
  private static final Map<String, List<String>> STAGES = stages();

  private final Results results;

  Tables(Results results) {
    this.results = results;
  }

  List<Table> all() {
    return List.of(ladder(), peers(), engines(), trainingSteps(), decoders());
  }

  private static Map<String, List<String>> stages() {
    Map<String, List<String>> stages = new LinkedHashMap<>();
    stages.put("engine", List.of("inference", "java", "main"));
    stages.put("decode", List.of("Decode", "Source: Images", "Source: images"));
    stages.put("Kafka", List.of("kafka", "Source Data Fet", "sink"));
    stages.put("JVM", List.of("C1", "C2", "GC", "ParGC", "VM", "G1"));
    return stages;
  }

  private Table ladder() {
    List<String> header = new ArrayList<>(List.of("step", "images/s", "of the one before"));
    STAGES.keySet().forEach(stage -> header.add("ms " + stage));
    header.addAll(List.of("ms rest", "ms in all", "KiB allocated", "MiB resident"));
    List<List<String>> rows = new ArrayList<>();
    OptionalDouble before = OptionalDouble.empty();
    for (Map.Entry<Class<? extends Probe>, String> step : Bench.LADDER.entrySet()) {
      rows.add(step(step.getValue(), step.getKey(), before));
      before = results.get(step.getKey(), Meter.RATE);
    }
    OptionalDouble atLeastOnce = results.get(KafkaSinkStep.AtLeastOnce.class, Meter.RATE);
    rows.add(
        step(
            "a checkpoint a second (of at least once)",
            KafkaSinkStep.ExactlyOnceEachSecond.class,
            atLeastOnce));
    rows.add(
        step(
            "a checkpoint each 30 s (of at least once)",
            KafkaSinkStep.ExactlyOnceEachHalfMinute.class,
            atLeastOnce));
    return new Table(
        "The ladder",
        "One crop an image; processor time and allocation an image; ceiling %s images/s = cores / (1/decode + 1/engine)."
            .formatted(number(new Targets(results).ceiling(), 1)),
        header,
        rows);
  }

  private List<String> step(String name, Class<? extends Probe> probe, OptionalDouble before) {
    OptionalDouble rate = results.get(probe, Meter.RATE);
    List<String> row = new ArrayList<>();
    row.add(name);
    row.add(number(rate, 1));
    row.add(number(Results.ratio(rate, before), 3));
    OptionalDouble all = results.get(probe, Meter.PROCESSOR);
    double known = 0;
    for (List<String> threads : STAGES.values()) {
      OptionalDouble stage = results.sum(probe, Meter.PROCESSOR + " ", threads);
      row.add(number(stage, 2));
      known += stage.orElse(0);
    }
    row.add(number(all.isEmpty() ? all : OptionalDouble.of(all.getAsDouble() - known), 2));
    row.add(number(all, 2));
    row.add(number(results.get(probe, Meter.ALLOCATED), 0));
    row.add(number(results.get(probe, Meter.RESIDENT), 0));
    return row;
  }

  private Table peers() {
    OptionalDouble ours = results.get(KafkaSinkStep.ExactlyOnce.class, Meter.RATE);
    return new Table(
        "Peers",
        "Kafka to Kafka, broker on the same machine, one crop an image.",
        List.of("who", "images/s", "Tagstream is times as fast"),
        List.of(
            List.of("Tagstream, exactly once", number(ours, 1), NONE),
            peer("Flink map: ImageIO, Graphics2D, ONNX Runtime, batch 1", NaiveFlink.class, ours),
            peer("Flink map: DJL, PyTorch, batch 1", TorchFlink.TorchSingle.class, ours),
            peer("Flink map: DJL, PyTorch, batch 32", TorchFlink.TorchBatched.class, ours)));
  }

  private Table trainingSteps() {
    OptionalDouble ours = results.get(StepRates.class, Meter.RATE);
    return new Table(
        "Training step",
        "The whole network with 1000 classes, batch 64, the paper's update, all processors.",
        List.of("who", "images/s", "Tagstream is times as fast"),
        List.of(
            List.of("Tagstream", number(ours, 1), NONE),
            peer("DJL, PyTorch", TorchStep.class, ours)));
  }

  private List<String> peer(String name, Class<? extends Probe> probe, OptionalDouble ours) {
    OptionalDouble rate = results.get(probe, Meter.RATE);
    return List.of(name, number(rate, 1), number(Results.ratio(ours, rate), 2));
  }

  private Table engines() {
    List<String> header = new ArrayList<>(List.of("engine"));
    Contest.BATCHES.forEach(batch -> header.add("batch " + batch));
    header.add("batch 1, one each 20 ms");
    List<List<String>> rows = new ArrayList<>();
    rows.add(engine(EngineRates.OURS, EngineRates.class));
    rows.add(engine(EngineRates.PLAIN, EngineRates.class));
    rows.add(engine(EngineRates.REWRITTEN, EngineRates.class));
    rows.add(engine(EngineRates.INTEGERS, EngineRates.class));
    rows.add(engine(TorchRates.NAME, TorchRates.class));
    return new Table(
        "Engines",
        "Images/s on the same weights, from bytes to probabilities. Best fp32 rate of this machine: %s GFLOP/s in a product, %s in a convolution. Integers give the answer of floats to %s of %s held-out pictures."
            .formatted(
                number(results.get(Roofline.class, Roofline.PRODUCT), 0),
                number(results.get(Roofline.class, Roofline.CONVOLUTION), 0),
                number(results.get(IntegerAgreement.class, IntegerAgreement.SHARE), 3),
                number(results.get(IntegerAgreement.class, IntegerAgreement.PICTURES), 0)),
        header,
        rows);
  }

  private List<String> engine(String name, Class<? extends Probe> probe) {
    List<String> row = new ArrayList<>(List.of(name));
    Contest.BATCHES.forEach(
        batch -> row.add(number(results.get(probe, Contest.batch(name, batch)), 1)));
    row.add(number(results.get(probe, Contest.spaced(name)), 1));
    return row;
  }

  private Table decoders() {
    List<List<String>> rows = new ArrayList<>();
    OptionalDouble bare = results.get(DecodeRates.class, DecodeRates.BARE);
    results
        .of(DecodeRates.class)
        .forEach(
            (name, rate) ->
                rows.add(
                    List.of(
                        name,
                        number(OptionalDouble.of(rate), 0),
                        number(Results.ratio(OptionalDouble.of(rate), bare), 2))));
    return new Table(
        "Decoders",
        "Photos a second of one processor's time.",
        List.of("decoder", "photos/s", "of OpenCV's bare decode"),
        rows);
  }

  private static String number(OptionalDouble value, int decimals) {
    return value.isPresent()
        ? String.format(Locale.ROOT, "%." + decimals + "f", value.getAsDouble())
        : NONE;
  }
}
