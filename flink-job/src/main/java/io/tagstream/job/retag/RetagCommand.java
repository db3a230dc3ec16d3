package io.tagstream.job.retag;

import io.tagstream.job.EngineChoice;
import io.tagstream.job.FailureCause;
import io.tagstream.job.FlinkOptions;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.inference.MicroBatching;
import io.tagstream.job.inference.PinnedStoreModels;
import io.tagstream.job.sink.FittingModels;
import io.tagstream.job.source.KafkaSources;
import io.tagstream.model.store.ModelStore;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.TopicAdministration;
import io.tagstream.schemas.TopicLimit;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.BatchSettings;
import io.tagstream.settings.ImageSettings;
import io.tagstream.settings.InferenceSettings;
import io.tagstream.settings.Interruption;
import io.tagstream.settings.Progress;
import io.tagstream.settings.Settings;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.TopicSettings;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.HeartbeatManagerOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream retag}. */
@Command(
    name = "retag",
    description = {
      "Tag a range of images again with a given version, then exit.",
      "With --changed-only, send only predictions whose first tag differs from the image's last prediction,"
          + " each with the version it supersedes: for example, to correct the last hour after a promotion.",
      "With --missing, tag only images that have neither a committed prediction nor a committed rejection:"
          + " this recovers, exactly once, the images that a job reported as lost.",
      "After a run was killed, run it again; its predictions are then sent twice, except with --missing."
    })
public final class RetagCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(RetagCommand.class);
  private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(500);

  @Mixin StandardOptions standard = new StandardOptions();
  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private EngineChoice engine = new EngineChoice();
  @Spec private CommandSpec spec;

  @Option(
      names = "--models",
      required = true,
      paramLabel = "PATH",
      description = "The store of models.")
  private Path models = Path.of("");

  @Option(
      names = "--model",
      required = true,
      paramLabel = "V",
      description = "The version to tag with. The live version does not change.")
  private String model = "";

  @Option(
      names = "--from-offsets",
      required = true,
      paramLabel = "PARTITION:OFFSET,…",
      description =
          "First offsets in the topic of images; partitions that are not named are not read.")
  private String from = "";

  @Option(
      names = "--to-offsets",
      paramLabel = "PARTITION:OFFSET,…",
      description = "Offsets to stop before (default: the current end of each partition).")
  private Optional<String> to = Optional.empty();

  @Option(names = "--labeled", description = "Read labeled-images instead of images.")
  private boolean labeled;

  @Option(
      names = "--changed-only",
      description =
          "Send only predictions whose first tag differs from the image's last prediction.")
  private boolean changedOnly;

  @Option(
      names = "--missing",
      description =
          "Tag only images without a committed prediction or rejection; images that cannot be tagged go to"
              + " rejected-images. Without --to-offsets it ends at the job's committed offsets.")
  private boolean missingOnly;

  @Option(
      names = "--name",
      paramLabel = "N",
      description = "The job whose predictions are missing (default: ${DEFAULT-VALUE}).")
  private String jobName = Topics.DEFAULT_JOB;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "TOPIC",
      description =
          "Topic of the new predictions; created if it does not exist. --topic-prefix does not apply to it.")
  private String target = "";

  @Override
  public Integer call() throws Exception {
    Map<Integer, Long> begins = OffsetRanges.parse("--from-offsets", from);
    Map<Integer, Long> ends =
        to.map(text -> OffsetRanges.parse("--to-offsets", text)).orElse(Map.of());
    if (changedOnly && missingOnly) {
      throw new UsageException(
          "--changed-only and --missing exclude each other: a missing image has no earlier prediction to differ from");
    }
    Settings settings = kafka.settings();
    MicroBatching batching = MicroBatching.of(settings.get(BatchSettings.class), engine.views());
    CropGeometry geometry = CropGeometry.of(new ModelStore(models).metadata(model).preprocessing());
    KafkaConnection connection = kafka.connection(settings);
    Topics topics = kafka.topics();
    String images = labeled ? topics.labeledImages() : topics.images();
    connection.requireTopics(topicsToRead(topics, images));
    OffsetRanges ranges =
        OffsetRanges.resolve(
            connection,
            images,
            begins,
            missingOnly ? withinReach(connection, images, begins, ends) : ends);
    PrintWriter out = spec.commandLine().getOut();
    if (ranges.byPartition().isEmpty()) {
      out.println("no images in the range");
      out.flush();
      return 0;
    }
    try (Admin admin = connection.admin()) {
      new TopicAdministration(admin)
          .ensureForPredictions(target, settings.get(TopicSettings.class));
    }
    Optional<RetagJob.Repair> repair = Optional.empty();
    if (missingOnly) {
      MissingRecords missing =
          new CommittedAnswers(connection, topics, target)
              .missing(ranges, spec.commandLine().getErr());
      repair =
          Optional.of(
              new RetagJob.Repair(
                  missing, RetaggedRejections.sink(connection, topics.rejectedImages())));
    }

    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(options(settings));
    new RetagJob(
            KafkaSources.range(connection, ranges.begins(), ranges.ends()),
            changedOnly
                ? Optional.of(
                    KafkaSources.upToNow(
                        connection, topics.predictions(), new FirstTagDeserializer(ranges)))
                : Optional.empty(),
            new FittingModels(
                new FixedVersion(
                    new PinnedStoreModels(models, engine.engine(), engine.device()), model),
                TopicLimit.of(connection, target)),
            RetaggedRecords.sink(connection, target),
            repair)
        .addTo(
            environment,
            geometry,
            batching,
            settings.get(ImageSettings.class),
            settings.get(InferenceSettings.class));
    JobExecutionResult result =
        run(environment, repair.map(given -> given.missing().size()).orElse(ranges.size()));
    long tagged = count(result, CountElements.TAGGED);
    long unreadable = count(result, NameUnreadable.COUNTER);
    out.printf(
        "%d images tagged with %s, %d predictions sent to %s%s%n",
        tagged,
        model,
        count(result, CountElements.SENT),
        target,
        unreadable == 0
            ? ""
            : "; %d could not be read%s"
                .formatted(
                    unreadable, missingOnly ? " and went to " + topics.rejectedImages() : ""));
    out.flush();
    return 0;
  }

  private List<String> topicsToRead(Topics topics, String images) {
    if (missingOnly) {
      return List.of(images, topics.predictions(), topics.rejectedImages());
    }
    return changedOnly ? List.of(images, topics.predictions()) : List.of(images);
  }

  /**
   * The ends of the ranges, with the job's committed offsets as the default: a record that the job
   * has not processed yet is not missing. The user's ends take precedence, since a job that died
   * may have processed more than it could commit.
   */
  private Map<Integer, Long> withinReach(
      KafkaConnection connection,
      String images,
      Map<Integer, Long> begins,
      Map<Integer, Long> ends) {
    Map<Integer, Long> reached = CommittedOffsets.of(connection, jobName, images);
    Map<Integer, Long> within = new HashMap<>(ends);
    reached.forEach(
        (partition, offset) -> {
          if (ends.getOrDefault(partition, 0L) > offset) {
            LOG.warn(
                "Job {} has committed {}-{} only up to offset {}: if it runs, or starts again from there, later images are predicted twice",
                jobName,
                images,
                partition,
                offset);
          } else if (begins.containsKey(partition) && !ends.containsKey(partition)) {
            within.put(partition, Math.max(begins.get(partition), offset));
          }
        });
    return within;
  }

  private static Configuration options(Settings settings) {
    Configuration options = new Configuration();
    FlinkOptions.ofMiniCluster(options);
    FlinkOptions.ofElements(options);
    options.set(CoreOptions.DEFAULT_PARALLELISM, Runtime.getRuntime().availableProcessors());
    // A second attempt would send the predictions of the first one again.
    options.set(RestartStrategyOptions.RESTART_STRATEGY, "disable");
    // Heartbeats carry the accumulators that the progress shows.
    options.set(HeartbeatManagerOptions.HEARTBEAT_INTERVAL, Duration.ofSeconds(1));
    FlinkOptions.passThrough(options, settings.flink());
    return options;
  }

  private JobExecutionResult run(StreamExecutionEnvironment environment, long offsets)
      throws Exception {
    JobClient job = environment.executeAsync("Tagstream retag");
    CompletableFuture<JobExecutionResult> result = job.getJobExecutionResult();
    try (Interruption interruption = Interruption.listen(() -> job.cancel().join());
        Progress progress =
            Progress.start(
                spec.commandLine().getErr(), "tagging", "images", OptionalLong.of(offsets))) {
      long shown = 0;
      while (true) {
        try {
          return result.get(PROGRESS_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException stillRunning) {
          long tagged = (Long) job.getAccumulators().get().getOrDefault(CountElements.TAGGED, 0L);
          progress.advance(tagged - shown);
          shown = tagged;
        } catch (ExecutionException e) {
          if (interruption.requested()) {
            throw new UserException("interrupted: the predictions sent so far are in " + target, e);
          }
          throw new UserException("the images were not tagged: " + FailureCause.of(e), e);
        }
      }
    }
  }

  private static long count(JobExecutionResult result, String name) {
    return Optional.ofNullable(result.<Long>getAccumulatorResult(name)).orElse(0L);
  }
}
