package io.tagstream.benchmarks;

import io.tagstream.benchmarks.engines.Contest;
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
import io.tagstream.benchmarks.ladder.KafkaSinkStep;
import io.tagstream.benchmarks.ladder.Latency;
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
import io.tagstream.model.engine.Gpu;
import io.tagstream.pages.Chart;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Arranges the figures of a run in tables. */
final class Tables {
  private static final String NONE = "-";

  /** Stages, each with the prefixes of its threads' names. */
  private static final Map<String, List<String>> STAGES = stages();

  private final Results results;

  Tables(Results results) {
    this.results = results;
  }

  /** The tables for which the run has figures. */
  List<Table> all() {
    return Stream.of(
            ladder(),
            peers(),
            engines(),
            enginesOnOneThread(),
            trainingSteps(),
            towers(),
            decoders(),
            loads(),
            overload(),
            swaps(),
            subtasks(),
            stream(),
            stores())
        .map(Tables::measured)
        .filter(table -> !table.rows().isEmpty())
        .toList();
  }

  /** The table without rows and columns that have no figures. */
  private static Table measured(Table table) {
    List<List<String>> rows =
        table.rows().stream()
            .filter(row -> row.stream().skip(1).anyMatch(cell -> !cell.equals(NONE)))
            .toList();
    List<Integer> columns =
        IntStream.range(0, table.header().size())
            .filter(at -> rows.stream().anyMatch(row -> at == 0 || !row.get(at).equals(NONE)))
            .boxed()
            .toList();
    return new Table(
        table.title(),
        table.note(),
        columns.stream().map(table.header()::get).toList(),
        rows.stream().map(row -> columns.stream().map(row::get).toList()).toList());
  }

  private Table subtasks() {
    OptionalDouble one = results.get(SleepingEngines.One.class, Meter.RATE);
    List<List<String>> rows = new ArrayList<>();
    SleepingEngines.BY_COUNT.forEach(
        (probe, count) -> {
          OptionalDouble rate = results.get(probe, Meter.RATE);
          rows.add(List.of(count.toString(), number(rate, 1), number(Results.ratio(rate, one), 2)));
        });
    return new Table(
        "Engines that sleep",
        "The job fed from memory, with engines that sleep instead of computing, as if a device computed %d images/s for each."
            .formatted(SleepingEngines.RATE_OF_ONE),
        List.of("subtasks", "images/s", "ratio to one"),
        rows);
  }

  private Table stream() {
    return growth(
        StreamGrowth.class,
        "One job",
        "After this many small images through a small network at a steady rate.",
        "images",
        StreamGrowth.SIZES,
        List.of(StreamGrowth.HEAP, StreamGrowth.LATENCY, StreamGrowth.CHECKPOINT),
        StreamGrowth::after);
  }

  private Table stores() {
    return growth(
        StoreGrowth.class,
        "Training store",
        "What reading a store of this many rows costs a job: the first time, later times, and for a run.",
        "rows",
        Bench.ROWS,
        List.of(StoreGrowth.FIRST_LOOK, StoreGrowth.LOOK, StoreGrowth.COLLECTION, StoreGrowth.HEAP),
        Bench::of);
  }

  /**
   * A table of a probe's figures for several counts.
   *
   * @param counts counts of {@code what}, one for each row
   * @param name the name of a figure for a count
   */
  private Table growth(
      Class<? extends Probe> probe,
      String title,
      String note,
      String what,
      List<Integer> counts,
      List<String> figures,
      BiFunction<String, Integer, String> name) {
    List<String> header = new ArrayList<>(List.of(what));
    header.addAll(figures);
    List<List<String>> rows = new ArrayList<>();
    for (int count : counts) {
      List<String> row = new ArrayList<>(List.of(Integer.toString(count)));
      figures.forEach(figure -> row.add(number(results.get(probe, name.apply(figure, count)), 1)));
      rows.add(row);
    }
    return new Table(title, note, header, rows);
  }

  /** The tables of a run on a GPU. */
  List<Table> onGpu() {
    List<String> engines =
        Stream.of(GpuRates.FLOAT, GpuRates.HALF, GpuRates.OURS)
            .filter(engine -> results.get(GpuRates.class, GpuRates.ready(engine, 1)).isPresent())
            .toList();
    List<String> header = new ArrayList<>(List.of("batch"));
    engines.forEach(engine -> header.addAll(List.of(engine, "from photos")));
    List<List<String>> rows = new ArrayList<>();
    for (int batch : GpuRates.BATCHES) {
      List<String> row = new ArrayList<>(List.of(Integer.toString(batch)));
      for (String engine : engines) {
        row.add(number(results.get(GpuRates.class, GpuRates.ready(engine, batch)), 0));
        row.add(number(results.get(GpuRates.class, GpuRates.fed(engine, batch)), 0));
      }
      rows.add(row);
    }
    return Stream.of(
            new Table(
                "Engines on " + Gpu.describe(Gpu.found()),
                "Images/s on decoded crops, and with one decoder for each processor.",
                header,
                rows),
            new Table(
                "Training step",
                "The whole network with 1000 classes, batch 64, on the processors: no training runs on a GPU.",
                List.of("program", "images/s"),
                List.of(List.of("Tagstream", number(results.get(StepRates.class, Meter.RATE), 1)))))
        .map(Tables::measured)
        .filter(table -> !table.rows().isEmpty())
        .toList();
  }

  private Table loads() {
    List<List<String>> rows = new ArrayList<>();
    for (int percent : Bench.LOADS) {
      rows.add(
          List.of(
              percent + " %",
              number(results.get(Latency.class, Bench.at(Latency.P99, percent)), 0),
              number(results.get(Latency.class, Bench.at(Latency.P50, percent)), 0),
              number(results.get(Latency.class, Bench.at(Meter.RATE, percent)), 1)));
    }
    return new Table(
        "Latency against load",
        "The job with its defaults, from an image's append to its prediction, at shares of the saturation rate.",
        List.of("load", "p99 ms", "p50 ms", "images/s"),
        rows);
  }

  /** The latencies as a chart; empty if the run did not measure them. */
  Optional<Chart> loadChart() {
    List<Chart.Line> lines = new ArrayList<>();
    for (String figure : List.of(Latency.P99, Latency.P50)) {
      List<Chart.Point> points = new ArrayList<>();
      for (int percent : Bench.LOADS) {
        OptionalDouble rate = results.get(Latency.class, Bench.at(Meter.RATE, percent));
        OptionalDouble latency = results.get(Latency.class, Bench.at(figure, percent));
        if (rate.isPresent() && latency.isPresent()) {
          points.add(new Chart.Point(rate.getAsDouble(), latency.getAsDouble()));
        }
      }
      if (points.isEmpty()) {
        return Optional.empty();
      }
      lines.add(new Chart.Line(figure.replace(" ms", ""), points));
    }
    return Optional.of(
        new Chart(
            "Latency against load, ms",
            "From an image's append to its prediction, in milliseconds, over images a second.",
            "images/s",
            lines,
            Optional.empty(),
            Optional.empty(),
            value -> "%.0f ms".formatted(value)));
  }

  private Table overload() {
    return new Table(
        "Overload",
        "Images sent at ten times the saturation rate, until the last one is answered.",
        List.of("what", ""),
        Stream.of(
                Overload.SENT,
                Overload.ANSWERED,
                Overload.SECONDS,
                Overload.WAIT,
                Overload.CHECKPOINTS,
                Overload.HEAP_EARLY,
                Overload.HEAP_LATE)
            .map(figure -> List.of(figure, number(results.get(Overload.class, figure), 0)))
            .toList());
  }

  private Table swaps() {
    return new Table(
        "Model swaps",
        "At half the saturation rate.",
        List.of("what", ""),
        Stream.of(
                SwapLatency.P50_AT_REST,
                SwapLatency.P99_AT_REST,
                SwapLatency.P50_DURING,
                SwapLatency.P99_DURING,
                SwapLatency.SLOWEST)
            .map(figure -> List.of(figure, number(results.get(SwapLatency.class, figure), 0)))
            .toList());
  }

  private static Map<String, List<String>> stages() {
    Map<String, List<String>> stages = new LinkedHashMap<>();
    stages.put("engine", List.of("inference", "java", "main"));
    stages.put("decode", List.of("Decode", "Source: Images", "Source: images"));
    stages.put("Kafka", List.of("kafka", "Source Data Fet", "sink"));
    stages.put("compiler", List.of("C1", "C2"));
    stages.put("collector", List.of("GC", "G1"));
    return stages;
  }

  private Table ladder() {
    List<String> header = new ArrayList<>(List.of("step", "images/s", "ratio to the step before"));
    STAGES.keySet().forEach(stage -> header.add("ms " + stage));
    header.addAll(List.of("ms rest", "ms total", "KiB allocated", "MiB resident"));
    Bench.MORE_VIEWS.forEach(views -> header.add("images/s of %d views".formatted(views)));
    List<List<String>> rows = new ArrayList<>();
    OptionalDouble before = OptionalDouble.empty();
    for (Map.Entry<Class<? extends Probe>, String> step : Bench.LADDER.entrySet()) {
      rows.add(step(step.getValue(), step.getKey(), before));
      before = results.get(step.getKey(), Meter.RATE);
    }
    OptionalDouble atLeastOnce = results.get(KafkaSinkStep.AtLeastOnce.class, Meter.RATE);
    rows.add(
        step(
            "a checkpoint each second (ratio to at least once)",
            KafkaSinkStep.ExactlyOnceEachSecond.class,
            atLeastOnce));
    rows.add(
        step(
            "a checkpoint each 30 s (ratio to at least once)",
            KafkaSinkStep.ExactlyOnceEachHalfMinute.class,
            atLeastOnce));
    return new Table(
        "The ladder",
        "One view of each image; processor time and allocation for each image; ceiling %s images/s = cores / (1/decode + 1/engine)."
            .formatted(number(Targets.ceiling(results), 1)),
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
    Bench.MORE_VIEWS.forEach(views -> row.add(number(results.get(probe, Bench.rate(views)), 1)));
    return row;
  }

  private Table peers() {
    OptionalDouble ours = results.get(KafkaSinkStep.ExactlyOnce.class, Meter.RATE);
    return new Table(
        "Peers",
        "Kafka to Kafka, broker on the same machine, one view of each image, the launcher's malloc variables for all. The maps run with parallelism 2, ONNX Runtime with its default numbers of threads, PyTorch with one thread for each map.",
        List.of("program", "images/s", "Tagstream is times as fast"),
        List.of(
            List.of("Tagstream, exactly once", number(ours, 1), NONE),
            peer("Flink map: ImageIO, Graphics2D, ONNX Runtime, batch 1", NaiveFlink.class, ours),
            peer(
                "consumer loop: ImageIO, Graphics2D, ONNX Runtime, batch 32",
                ConsumerLoop.class,
                ours),
            peer("Flink map: DJL, PyTorch, batch 1", TorchFlink.TorchSingle.class, ours),
            peer("Flink map: DJL, PyTorch, batch 32", TorchFlink.TorchBatched.class, ours)));
  }

  private Table towers() {
    OptionalDouble one = results.get(TowerRates.class, TowerRates.ONE);
    OptionalDouble two = results.get(TowerRates.class, TowerRates.TWO);
    String exchanged =
        TowerRates.exchanged(results.of(TowerRates.class)).entrySet().stream()
            .map(each -> String.format(Locale.ROOT, "%,.0f for %s", each.getValue(), each.getKey()))
            .collect(Collectors.joining(", "));
    return new Table(
        "Two towers",
        "Two towers with half of the processors each, against one network with all of them. Bytes that each tower sends the other for each image, including the backward pass: %s."
            .formatted(exchanged),
        List.of("what", "one network images/s", "two towers images/s", "towers are times as fast"),
        List.of(
            List.of(
                "training, batch " + StepRates.BATCH,
                number(one, 1),
                number(two, 1),
                number(Results.ratio(two, one), 2))));
  }

  private Table trainingSteps() {
    OptionalDouble ours = results.get(StepRates.class, Meter.RATE);
    OptionalDouble alone = results.get(StepRates.class, Bench.onOneThread(Meter.RATE));
    return new Table(
        "Training step",
        "The whole network with 1000 classes, batch 64, the paper's optimizer; on all processors, then on one thread.",
        List.of("program", "images/s", "Tagstream is times as fast"),
        List.of(
            List.of("Tagstream", number(ours, 1), NONE),
            peer("DJL, PyTorch", TorchStep.class, ours),
            List.of("Tagstream, one thread", number(alone, 1), NONE),
            peer(
                "DJL, PyTorch, one thread",
                results.get(TorchStep.class, Bench.onOneThread(Meter.RATE)),
                alone)));
  }

  private List<String> peer(String name, Class<? extends Probe> probe, OptionalDouble ours) {
    return peer(name, results.get(probe, Meter.RATE), ours);
  }

  private static List<String> peer(String name, OptionalDouble rate, OptionalDouble ours) {
    return List.of(name, number(rate, 1), number(Results.ratio(ours, rate), 2));
  }

  private Table engines() {
    return engines(
        "Engines",
        "Images/s with the same weights, from bytes to probabilities, on all processors. Best fp32 rate of this machine: %s GFLOP/s in a matrix product, %s in a convolution.%s"
            .formatted(
                number(results.get(Roofline.class, Roofline.PRODUCT), 0),
                number(results.get(Roofline.class, Roofline.CONVOLUTION), 0),
                agreement()),
        UnaryOperator.identity());
  }

  private Table enginesOnOneThread() {
    return engines("Engines on one thread", "As above.", Bench::onOneThread);
  }

  private Table engines(String title, String note, UnaryOperator<String> figure) {
    List<String> header = new ArrayList<>(List.of("engine"));
    Contest.BATCHES.forEach(batch -> header.add("batch " + batch));
    header.add("batch 1, one every 20 ms");
    List<List<String>> rows = new ArrayList<>();
    for (String engine : EngineRates.NAMES) {
      rows.add(engine(engine, EngineRates.class, figure));
    }
    rows.add(engine(TorchRates.NAME, TorchRates.class, figure));
    return new Table(title, note, header, rows);
  }

  private String agreement() {
    OptionalDouble share = results.get(IntegerAgreement.class, IntegerAgreement.SHARE);
    return share.isEmpty()
        ? ""
        : " int8 predicts the same class as fp32 for a share of %2$s of %1$s held-out images."
            .formatted(
                number(results.get(IntegerAgreement.class, IntegerAgreement.IMAGES), 0),
                number(share, 3));
  }

  private List<String> engine(
      String name, Class<? extends Probe> probe, UnaryOperator<String> figure) {
    List<String> row = new ArrayList<>(List.of(name));
    Contest.BATCHES.forEach(
        batch -> row.add(number(results.get(probe, figure.apply(Contest.batch(name, batch))), 1)));
    row.add(number(results.get(probe, figure.apply(Contest.spaced(name))), 1));
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
        "Photos a second of processor time. A crop differs by %s levels of 255 from one that OpenCV decodes at full size and resizes with the area filter; ImageIO's images differ by %s from OpenCV's. ImageIO reads a share of %s of the photos."
            .formatted(
                number(results.get(DecodePixels.class, DecodePixels.CROPS), 2),
                number(results.get(DecodePixels.class, DecodePixels.IMAGE_IO), 2),
                number(results.get(DecodePixels.class, DecodePixels.IMAGE_IO_READS), 3)),
        List.of("decoder", "photos/s", "ratio to OpenCV's bare decode"),
        rows);
  }

  private static String number(OptionalDouble value, int decimals) {
    return value.isPresent()
        ? String.format(Locale.ROOT, "%." + decimals + "f", value.getAsDouble())
        : NONE;
  }
}
