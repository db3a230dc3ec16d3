package io.tagstream.local.demo;

import io.tagstream.consumers.RetrainingText;
import io.tagstream.job.JobRequest;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.job.snapshot.SnapshotFolder;
import io.tagstream.local.LocalBroker;
import io.tagstream.local.StateDirectory;
import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.producers.ImageFiles;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.Settings;
import io.tagstream.settings.StandardOptions;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tagstream demo}: the whole stream in one process. */
@Command(
    name = "demo",
    description = {
      "Run everything in one process: broker, topics, Flink job, producer.",
      "Without --images it draws pictures of ten kinds. The first start trains a simple model on some of them and streams the others, with labels, until Ctrl-C. After a few minutes a better model is trained on the streamed images and goes live. A later start with the same --state resumes."
    })
public final class DemoCommand implements Callable<Integer> {
  private static final String JOB = "demo";
  private static final double RATE = 5;

  /** With --exit-after the user waits for the end. */
  private static final double RATE_WITH_EXIT = 20;

  /**
   * Chosen so that a retraining is seen within ten minutes. The stream is slow, so the training may
   * use all cores.
   */
  private static final Map<String, String> SETTINGS =
      Map.of(
          "checkpoint.interval",
          "1 s",
          "topics.retention-bytes",
          "256 MiB",
          "retrain.min-labels",
          "200",
          "training.image-steps",
          "8000",
          "training.max-minutes",
          "5",
          "training.threads",
          Integer.toString(Runtime.getRuntime().availableProcessors()));

  private static final DateTimeFormatter RUN =
      DateTimeFormatter.ofPattern("MMdd-HHmmss", Locale.ROOT).withZone(ZoneId.systemDefault());

  @Mixin StandardOptions standard = new StandardOptions();
  @Spec private CommandSpec spec;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description =
          "Stream these images; if DIR has a folder for each class, half of the images train the first model.")
  private Optional<Path> images = Optional.empty();

  @Option(
      names = "--state",
      paramLabel = "DIR",
      description = "Folder of models, topics, checkpoints and logs (default: ./.tagstream).")
  private Path state = Path.of(".tagstream");

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "Reserved for the web page of a later release (default: 8080).")
  private int port = 8080;

  @Option(
      names = "--bootstrap-port",
      paramLabel = "N",
      description = "The broker's port; 0 for a free one (default: 9092).")
  private int bootstrapPort = 9092;

  @Option(
      names = "--exit-after",
      paramLabel = "N",
      description = "Stop after N predictions, and send images faster.")
  private Optional<Long> exitAfter = Optional.empty();

  @Option(names = "--no-dashboard", description = "Reserved for the web page of a later release.")
  private boolean noDashboard;

  @Override
  public Integer call() throws InterruptedException {
    if (exitAfter.filter(count -> count < 1).isPresent()) {
      throw new ParameterException(spec.commandLine(), "--exit-after is a whole number from 1");
    }
    PrintWriter err = spec.commandLine().getErr();
    try (StateDirectory directory = StateDirectory.hold(state, "tagstream demo");
        DemoStop stop = DemoStop.onSignals()) {
      // Log4j reads the property when the first line is logged.
      System.setProperty(
          "tagstream.log.file", directory.logs().resolve("tagstream.log").toString());
      if (!noDashboard) {
        err.printf(
            "the web page (port %d) comes with a later release; predictions are printed here%n",
            port);
        err.flush();
      }
      DemoImages source = images(directory);
      new FirstModel(Engines.store(directory.models()), err, stop::requested).prepare(source);
      run(directory, source, stop);
      return 0;
    }
  }

  private void run(StateDirectory directory, DemoImages source, DemoStop stop)
      throws InterruptedException {
    Settings settings = Settings.load(Optional.empty(), SETTINGS, System.getenv());
    PrintWriter err = spec.commandLine().getErr();
    Topics topics = new Topics("");
    // A demo that was killed may be started again days later.
    Map<String, String> patient = Map.of("transaction.max.timeout.ms", "604800000");
    try (LocalBroker broker =
        LocalBroker.start(
            directory.kafka(), LocalBroker.LOOPBACK, bootstrapPort, "--bootstrap-port", patient)) {
      broker.createTopics(topics, settings);
      err.printf(
          "broker at %s, models in %s, log in %s%n",
          broker.bootstrapServer(), directory.models(), directory.logs());
      err.flush();
      KafkaConnection connection =
          new KafkaConnection(broker.bootstrapServer(), Duration.ofSeconds(30), Map.of());
      JobRequest job =
          new JobRequest(
              connection,
              topics,
              directory.models(),
              Optional.of(directory.trainingStore().toUri().toString()),
              directory.checkpoints().toUri().toString(),
              JOB,
              EngineKind.DEEPLEARNING4J,
              Device.AUTO,
              Views.CENTER_AND_FLIP,
              // Retention may have deleted unread images, or a user the folder of checkpoints; a
              // demo need not fail because of that.
              new Wish(hasNoSnapshot(directory), true),
              settings);
      Scoreboard scoreboard =
          new Scoreboard(
              spec.commandLine().getOut(),
              err,
              System::nanoTime,
              () -> RetrainStatus.read(directory.models(), JOB).map(RetrainingText::summary));
      new DemoRun(
              connection,
              topics,
              source,
              RUN.format(Instant.now()),
              exitAfter.isPresent() ? RATE_WITH_EXIT : RATE,
              exitAfter.orElse(Long.MAX_VALUE),
              scoreboard,
              err)
          .run(job, stop);
      scoreboard.close();
    }
  }

  private static boolean hasNoSnapshot(StateDirectory directory) {
    return new SnapshotFolder(directory.checkpoints().toString(), JOB)
        .newest(Instant.EPOCH)
        .isEmpty();
  }

  private DemoImages images(StateDirectory directory) {
    long seed = System.currentTimeMillis();
    if (images.isEmpty()) {
      return new DrawnImages(directory.root().resolve("pictures"), seed);
    }
    Path folder = images.get();
    ImageFiles files = ImageFiles.find(folder.toString());
    if (Files.isDirectory(folder)) {
      try {
        Dataset dataset = FolderDataset.list(folder);
        if (dataset.labels().size() > 1) {
          return new LabelledFiles(folder, dataset, seed);
        }
      } catch (ModelException noFolderPerClass) {
        // Without classes the images are streamed without labels.
      }
    }
    return new UnlabelledFiles(folder.toString(), files.files());
  }
}
