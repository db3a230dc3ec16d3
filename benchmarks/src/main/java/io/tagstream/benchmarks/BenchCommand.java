package io.tagstream.benchmarks;

import io.tagstream.benchmarks.engines.IntegerAgreement;
import io.tagstream.benchmarks.probe.BrokerProcess;
import io.tagstream.benchmarks.probe.KafkaEnds;
import io.tagstream.benchmarks.probe.ProbeRunner;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.engine.Gpu;
import io.tagstream.model.store.Provenance;
import io.tagstream.model.store.StoreJson;
import io.tagstream.producers.Pace;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.flink.util.FileUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream bench}: measures the pipeline and its peers. */
@Command(
    name = "bench",
    description =
        "Measure the pipeline step by step, and comparable programs, on this machine, which should do nothing else meanwhile.")
public final class BenchCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofMinutes(15);

  private static final int NO_GPU = 3;

  /** Rounds of ladder and peers in a full run. */
  private static final int ROUNDS = 3;

  @Mixin StandardOptions standard = new StandardOptions();
  @Spec private CommandSpec spec;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "Images to measure with (default: drawn ones).")
  private Optional<String> images = Optional.empty();

  @Option(names = "--quick", description = "Run one round instead of three, in about ten minutes.")
  private boolean quick;

  @Option(
      names = "--gpu",
      description =
          "Measure the engines on this machine's NVIDIA GPU and the training step instead. Without a GPU the exit code is 3.")
  private boolean gpu;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Folder for bench.json, bench.html and the logs of the processes (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("bench");

  @Override
  public Integer call() throws InterruptedException, IOException {
    if (!Files.isDirectory(Path.of("/proc/self/task"))) {
      throw new UserException(
          "bench runs on Linux only, because it reads the use of resources from /proc");
    }
    PrintWriter err = spec.commandLine().getErr();
    if (gpu && Gpu.found().isEmpty()) {
      err.println("no NVIDIA GPU found: nvidia-smi lists none");
      err.flush();
      return NO_GPU;
    }
    Path logs = Files.createDirectories(out.resolve("logs"));
    Path folder = Files.createTempDirectory(out, "work");
    try {
      Workspace workspace = new Workspace(folder);
      err.println("writing images and a model");
      workspace.fill(images, err);
      if (gpu) {
        measureOnGpu(task(workspace, ""), logs);
      } else {
        try (BrokerProcess broker = BrokerProcess.start(folder)) {
          measure(task(workspace, broker.bootstrapServer()), logs);
        }
      }
    } finally {
      FileUtils.deleteDirectory(folder.toFile());
    }
    return 0;
  }

  private static ProbeTask task(Workspace workspace, String bootstrapServer) {
    return new ProbeTask(
        workspace.photos().toString(),
        workspace.models().toString(),
        bootstrapServer,
        Bench.WARM_UP,
        Bench.COUNT,
        1,
        Bench.BATCH,
        0,
        Runtime.getRuntime().availableProcessors());
  }

  private void measureOnGpu(ProbeTask task, Path logs) throws InterruptedException {
    print(new Tables(bench(task, Optional.empty(), logs).runOnGpu()).onGpu());
  }

  private void measure(ProbeTask task, Path logs) throws InterruptedException, IOException {
    PrintWriter err = spec.commandLine().getErr();
    int rounds = quick ? 1 : ROUNDS;
    int topic = Bench.topic(rounds);
    err.printf("sending %d images to a broker%n", topic);
    KafkaEnds.send(
        task.connection(), KafkaEnds.TOPICS.images(), task.encoded(), topic, Pace.unlimited());
    Results results = bench(task, images.filter(IntegerAgreement::isPossible), logs).run(rounds);
    Report report =
        new Report(
            Instant.now().truncatedTo(ChronoUnit.SECONDS),
            machine(),
            images.map(where -> "photos of " + where).orElse("drawn images"),
            rounds,
            results.all(),
            new Targets(results, !quick).all());
    Tables tables = new Tables(results);
    Files.write(out.resolve("bench.json"), StoreJson.write(report));
    Files.writeString(
        out.resolve("bench.html"), BenchPage.html(report, tables.all(), tables.loadChart()));
    print(tables.all());
    PrintWriter stdout = spec.commandLine().getOut();
    stdout.println();
    report.targets().forEach(target -> stdout.println(target.line()));
    stdout.flush();
  }

  private Bench bench(ProbeTask task, Optional<String> labelled, Path logs) {
    return new Bench(new ProbeRunner(logs, PATIENCE), task, labelled, spec.commandLine().getErr());
  }

  private void print(List<Table> tables) {
    PrintWriter stdout = spec.commandLine().getOut();
    tables.forEach(table -> table.print(stdout));
    stdout.flush();
  }

  /** Processor and Java, as in the provenance of a model. */
  private static String machine() {
    Provenance made = Provenance.made("", "", "");
    return "%s, %s".formatted(made.processor(), made.java());
  }
}
