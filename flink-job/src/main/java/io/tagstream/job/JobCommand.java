package io.tagstream.job;

import io.tagstream.job.health.Health;
import io.tagstream.job.health.HealthServer;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.Interruption;
import io.tagstream.settings.Printable;
import io.tagstream.settings.Settings;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.LocalStreamEnvironment;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code tagstream job}: runs the job in this process or, under {@code flink run}, on its cluster.
 */
@Command(
    name = "job",
    description =
        "Run the Flink job: tags each image with its five best classes, exactly once. Ctrl-C stops it with"
            + " a savepoint; the next start resumes from it.")
public final class JobCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(JobCommand.class);

  /** The longest time that the cluster of a failed job may take to close. */
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(30);

  @Spec private CommandSpec spec;
  @Mixin StandardOptions standard = new StandardOptions();
  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private EngineChoice engine = new EngineChoice();

  @Option(
      names = "--models",
      required = true,
      paramLabel = "PATH",
      description = "The model store; its live version serves.")
  private Path models = Path.of("");

  @Option(
      names = "--training-store",
      paramLabel = "PATH",
      description =
          "The training store, which keeps labelled images for retraining. Without it the job does not retrain"
              + " or read labels, and only tags labelled images.")
  private Optional<String> trainingStore = Optional.empty();

  @Option(
      names = "--checkpoints",
      paramLabel = "PATH",
      description =
          "Folder of the snapshots, in a subfolder of the job's name (default: ${DEFAULT-VALUE}, in the"
              + " working directory). If a job of this name has committed offsets and the folder has no"
              + " snapshot of it, the start is refused.")
  private String checkpoints = "./.tagstream/checkpoints";

  @Option(
      names = "--fresh",
      description =
          "Start without a snapshot, from the committed offsets, otherwise the earliest ones. Without exactly"
              + " once: images since the last commit may get two predictions.")
  private boolean fresh;

  @Option(
      names = "--accept-loss",
      description =
          "Resume and keep running even if images or predictions were lost. A warning names them.")
  private boolean acceptLoss;

  @Option(
      names = "--name",
      paramLabel = "N",
      description =
          "The job's name, part of its snapshots, transactions and consumer groups (default: ${DEFAULT-VALUE})."
              + " Only one job of a name runs on a Kafka cluster: a second one is refused, wherever it runs.")
  private String name = Topics.DEFAULT_JOB;

  @Option(
      names = "--health-port",
      paramLabel = "N",
      description =
          "Port that serves /healthz and /readyz by HTTP; 0 takes a free one. Not on a cluster.")
  private Optional<Integer> healthPort = Optional.empty();

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "Address that --health-port listens on (default: ${DEFAULT-VALUE}).")
  private String host = "127.0.0.1";

  @Override
  public Integer call() throws Exception {
    JobRequest request = request();
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    if (environment instanceof LocalStreamEnvironment) {
      runHere(request, new JobLines(this::printLine));
    } else {
      if (healthPort.isPresent()) {
        throw new UsageException(
            "--health-port is only for a job in this process; on a cluster, Flink's REST API reports the job's state");
      }
      JobRunner.submit(
          request, environment, Configuration.fromMap(environment.getConfiguration().toMap()));
    }
    return 0;
  }

  private JobRequest request() {
    Settings settings = kafka.settings();
    return new JobRequest(
        kafka.connection(settings),
        kafka.topics(),
        models,
        trainingStore,
        checkpoints,
        name,
        engine.engine(),
        engine.device(),
        engine.views(),
        new Wish(fresh, acceptLoss),
        settings);
  }

  private void printLine(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("tagstream: " + Printable.of(line));
    err.flush();
  }

  private void runHere(JobRequest request, JobLines lines) throws InterruptedException {
    AtomicReference<Optional<RunningJob>> running = new AtomicReference<>(Optional.empty());
    if (healthPort.isEmpty()) {
      run(request, lines, running);
      return;
    }
    Health before = Health.beforeTheStart(request.name());
    try (HealthServer server =
        HealthServer.start(
            host,
            healthPort.get(),
            () -> running.get().map(job -> job.watch().health()).orElse(before))) {
      printLine("health at " + server.address());
      run(request, lines, running);
    }
  }

  private void run(
      JobRequest request, JobLines lines, AtomicReference<Optional<RunningJob>> running)
      throws InterruptedException {
    AtomicReference<UserException> stopFailure = new AtomicReference<>();
    Thread main = Thread.currentThread();
    try (Interruption interruption =
            Interruption.listen(() -> stop(running.get(), lines, stopFailure, main));
        ForcedExit exit =
            new ForcedExit(CLOSE_PATIENCE, this::printLine, Runtime.getRuntime()::halt);
        RunningJob job = JobRunner.start(request)) {
      running.set(Optional.of(job));
      lines.started(job);
      if (interruption.requested()) {
        stop(running.get(), lines, stopFailure, main);
      }
      try {
        lines.awaitEnd(job);
      } catch (UserException e) {
        exit.unlessClosed(e.getMessage());
        throw e;
      } catch (InterruptedException e) {
        Optional.ofNullable(stopFailure.get())
            .ifPresent(failure -> exit.unlessClosed(failure.getMessage()));
        throw e;
      }
    } catch (InterruptedException e) {
      Optional<UserException> failure = Optional.ofNullable(stopFailure.get());
      if (failure.isPresent()) {
        throw failure.get();
      }
      throw e;
    }
  }

  /**
   * Runs on the thread of the signal. Does nothing if the job was not submitted yet; it is then
   * stopped after its submission.
   */
  private static void stop(
      Optional<RunningJob> started,
      JobLines lines,
      AtomicReference<UserException> failure,
      Thread main) {
    if (started.isEmpty()) {
      return;
    }
    RunningJob job = started.get();
    try {
      job.stop().ifPresent(lines::stopped);
    } catch (UserException e) {
      lines.remains(job);
      failure.set(e);
      main.interrupt();
    } catch (RuntimeException e) {
      // Otherwise only the signal's thread would see it, and the main thread would wait for a job
      // that is not stopping.
      LOG.error("The stop failed", e);
      failure.set(new UserException("the job did not stop: " + FailureCause.of(e), e));
      main.interrupt();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
