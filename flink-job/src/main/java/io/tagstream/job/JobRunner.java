package io.tagstream.job;

import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.health.JobFacts;
import io.tagstream.job.health.Tolerance;
import io.tagstream.job.inference.MicroBatching;
import io.tagstream.job.inference.PinnedStoreModels;
import io.tagstream.job.label.ImageRetention;
import io.tagstream.job.label.KafkaRecordLog;
import io.tagstream.job.lock.JobName;
import io.tagstream.job.lock.NameLock;
import io.tagstream.job.lock.NameLockOperator;
import io.tagstream.job.retrain.RetrainOperator;
import io.tagstream.job.retrain.Retraining;
import io.tagstream.job.retrain.StoredModels;
import io.tagstream.job.retrain.StoredRuns;
import io.tagstream.job.retrain.StoredTraining;
import io.tagstream.job.sink.FittingModels;
import io.tagstream.job.sink.KafkaSinks;
import io.tagstream.job.sink.RejectionRecords;
import io.tagstream.job.sink.TransactionLimits;
import io.tagstream.job.snapshot.EarlierRun;
import io.tagstream.job.snapshot.JobLock;
import io.tagstream.job.snapshot.ResumeDecision;
import io.tagstream.job.snapshot.ResumeDecision.Transactions;
import io.tagstream.job.snapshot.Snapshot;
import io.tagstream.job.snapshot.SnapshotContents;
import io.tagstream.job.snapshot.SnapshotFolder;
import io.tagstream.job.source.KafkaSourceBroker;
import io.tagstream.job.source.KafkaSources;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.job.trainingsink.TrainingSink;
import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.ModelStore;
import io.tagstream.schemas.TopicLimit;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.BatchSettings;
import io.tagstream.settings.CheckpointSettings;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.ImageSettings;
import io.tagstream.settings.InferenceSettings;
import io.tagstream.settings.JobSettings;
import io.tagstream.settings.KafkaSettings;
import io.tagstream.settings.LabelSettings;
import io.tagstream.settings.ModelStoreSettings;
import io.tagstream.settings.ParallelismSettings;
import io.tagstream.settings.RetrainSettings;
import io.tagstream.settings.Settings;
import io.tagstream.settings.TrainingSettings;
import io.tagstream.settings.TrainingStoreSettings;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import io.tagstream.trainingstore.Leftovers;
import io.tagstream.trainingstore.TrainingStore;
import java.io.IOException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.runtime.jobmanager.HighAvailabilityMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.FileUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks the prerequisites of a job, decides from which snapshot it resumes, and starts it. */
public final class JobRunner {
  private static final Logger LOG = LoggerFactory.getLogger(JobRunner.class);

  /**
   * Longer than the 50 s within which Flink's TaskManagers notice that their JobManager is gone.
   */
  private static final Duration TAKE_OVER = Duration.ofMinutes(2);

  private JobRunner() {}

  /**
   * Starts a job on a small Flink cluster in this process.
   *
   * @return to be closed by the caller
   * @throws UserException when a prerequisite is missing or another process runs the job
   */
  public static RunningJob start(JobRequest request) {
    JobLock lock = JobLock.take(localFolder(request), request.name());
    Optional<NameLock> nameLock = Optional.empty();
    try {
      CropGeometry geometry = check(request);
      nameLock = Optional.of(name(request).take(Duration.ZERO));
      new SnapshotFolder(request.checkpoints(), request.name())
          .tidy(FlinkOptions.retainedCheckpoints(request.settings().flink()));
      Configuration options = new Configuration();
      FlinkOptions.ofMiniCluster(options);
      options.set(CoreOptions.DEFAULT_PARALLELISM, Runtime.getRuntime().availableProcessors());
      if (request.trainingStore().isPresent()) {
        FlinkOptions.rememberImagesHere(options, emptyWorkingFolder(request));
      }
      Prepared prepared = prepare(request, geometry, options);
      StreamExecutionEnvironment environment =
          StreamExecutionEnvironment.getExecutionEnvironment(prepared.options());
      prepared.job().addTo(environment, prepared.plan());
      CheckpointSettings checkpoints = request.settings().get(CheckpointSettings.class);
      return RunningJob.submit(
              environment.getStreamGraph(),
              prepared.options(),
              prepared.plan().slots(),
              request.name(),
              new SnapshotFolder(request.checkpoints(), request.name()),
              lock)
          .withKafka(request.connection()::answers)
          .watched(
              prepared.facts(),
              new Tolerance(
                  checkpoints.interval(),
                  checkpoints.tolerableAge(),
                  request.settings().get(KafkaSettings.class).outage()),
              () -> request.connection().answers())
          .named(nameLock.get());
    } catch (RuntimeException | Error e) {
      nameLock.ifPresent(NameLock::close);
      lock.close();
      throw e;
    }
  }

  /**
   * Submits a job to the cluster of an environment, and waits for its end if the submission is
   * attached. A snapshot given with the submission takes precedence over the newest one.
   *
   * @param options the options of the environment
   */
  static void submit(
      JobRequest request, StreamExecutionEnvironment environment, Configuration options)
      throws Exception {
    CropGeometry geometry = check(request);
    NameLock nameLock = name(request).take(patience(options));
    Prepared prepared;
    try {
      prepared = prepare(request, geometry, options);
    } finally {
      // The running job holds its own lock of the name.
      nameLock.close();
    }
    environment.configure(prepared.options());
    prepared
        .job()
        .addTo(
            environment,
            prepared.plan(),
            new NameLockOperator(name(request), prepared.facts().startedAt()),
            prepared.facts().onCluster());
    prepared.facts().lines().forEach(LOG::info);
    LOG.info("The job needs {} slots", prepared.plan().slots());
    environment.execute("Tagstream " + request.name());
  }

  private static JobName name(JobRequest request) {
    return JobName.of(request.connection(), request.topics(), request.name());
  }

  /**
   * How long a submission waits for the lock of its name. With high availability, a JobManager that
   * takes over submits the job again while TaskManagers may still run it.
   */
  private static Duration patience(Configuration options) {
    return HighAvailabilityMode.isHighAvailabilityModeActivated(options)
        ? TAKE_OVER
        : Duration.ZERO;
  }

  /** Fails with advice when there is no live model or a topic is missing. */
  private static CropGeometry check(JobRequest request) {
    CropGeometry geometry = liveGeometry(request);
    request.connection().requireTopics(inputsAndOutputs(request));
    RejectionRecords.requireRoom(
        TopicLimit.of(request.connection(), request.topics().rejectedImages()));
    return geometry;
  }

  private record Prepared(TagstreamJob job, JobPlan plan, Configuration options, JobFacts facts) {}

  private static Prepared prepare(JobRequest request, CropGeometry geometry, Configuration given) {
    Instant startedAt = Instant.now();
    TransactionLimits limits = TransactionLimits.of(request.connection());
    Duration timeout = limits.timeoutFor(request.connection());
    CheckpointSettings checkpoints = request.settings().get(CheckpointSettings.class);
    Duration outage = request.settings().get(KafkaSettings.class).outage();
    warnOfShortTransactions(timeout.minus(checkpoints.interval()), outage);
    SnapshotFolder folder = new SnapshotFolder(request.checkpoints(), request.name());
    Configuration submitted = new Configuration(given);
    FlinkOptions.passThrough(submitted, request.settings().flink());
    Transactions transactions = new Transactions(timeout, limits.idExpiration());
    // A checkpoint's transactions began at the barrier of the previous one, if that was not
    // aborted.
    Duration openBefore = checkpoints.interval();
    Optional<String> named = submitted.getOptional(StateRecoveryOptions.SAVEPOINT_PATH);
    ResumeDecision decision;
    if (named.isPresent()) {
      decision = ResumeDecision.named(folder, transactions, openBefore, Instant.now());
    } else {
      decision =
          ResumeDecision.of(
              folder,
              request.wish(),
              EarlierRun.of(request.connection(), request.name(), inputs(request)),
              transactions,
              openBefore,
              Instant.now());
    }
    if (decision.dropSinkState()) {
      LOG.warn(
          "The broker no longer knows the snapshot's transactions: the sinks start without their state");
    }
    folder.write(decision.notes());
    new ModelStore(request.models()).pins().deleteOf(request.name());
    String clusterId = clusterId(request);

    JobSettings settings = request.settings().get(JobSettings.class);
    Configuration options = new Configuration(given);
    options.addAll(
        FlinkOptions.ofJob(
            request.name(),
            checkpoints,
            settings,
            request.settings().get(KafkaSettings.class),
            folder.location()));
    FlinkOptions.resume(options, decision);
    if (request.trainingStore().isPresent()) {
      ImageRetention.check(
          request.connection(),
          request.topics().images(),
          request.settings().get(LabelSettings.class).retention());
      FlinkOptions.rememberImages(options);
    } else {
      leaveLabelsBehind(request, decision, options);
    }
    FlinkOptions.passThrough(options, request.settings().flink());
    KafkaSinks sinks =
        new KafkaSinks(
            request.connection(),
            request.topics(),
            request.name(),
            timeout,
            outage,
            request.wish().acceptLoss());
    return new Prepared(
        new TagstreamJob(
            KafkaSources.images(
                request.connection(),
                request.topics(),
                request.name(),
                request.wish().acceptLoss()),
            KafkaSources.modelUpdates(request.connection(), request.topics(), request.name()),
            new KafkaSourceBroker(request.connection().commonProperties()),
            new KafkaRecordLog(request.connection(), request.topics(), request.name()),
            new FittingModels(
                new PinnedStoreModels(request.models(), request.engine(), request.device())
                    .usedBy(request.name()),
                TopicLimit.of(request.connection(), request.topics().predictions())),
            sinks.predictions(),
            sinks.rejections(),
            request
                .trainingStore()
                .map(store -> learning(request, clusterId, store, checkpoints, sinks, named))),
        plan(
            request,
            geometry,
            settings,
            options.get(CoreOptions.DEFAULT_PARALLELISM),
            decision.notes().sinkGeneration()),
        options,
        facts(request, clusterId, named, decision, startedAt));
  }

  private static void warnOfShortTransactions(Duration survived, Duration outage) {
    if (survived.compareTo(outage) < 0) {
      LOG.warn(
          "An outage of Kafka longer than {} loses predictions, although kafka.outage is {}:"
              + " transactions time out. Set transaction.max.timeout.ms on the broker to {} ms, and"
              + " leave kafka.transaction.timeout.ms alone",
          DurationText.format(survived),
          DurationText.format(outage),
          TransactionLimits.ADVISED_TIMEOUT.toMillis());
    }
  }

  private static Learning learning(
      JobRequest request,
      String clusterId,
      String store,
      CheckpointSettings checkpoints,
      KafkaSinks sinks,
      Optional<String> resumeFrom) {
    Path folder = trainingFolder(store);
    new TrainingStore(folder).claim(request.name(), clusterId, request.models());
    SnapshotFolder snapshots = new SnapshotFolder(request.checkpoints(), request.name());
    Leftovers.remove(folder, () -> snapshots.texts(Leftovers.PART, resumeFrom), Instant.now());
    return new Learning(
        KafkaSources.labels(
            request.connection(), request.topics(), request.name(), request.wish().acceptLoss()),
        TrainingSink.to(SnapshotFolder.uri(store).toString(), checkpoints.interval()),
        retraining(request, folder, sinks));
  }

  private static Retraining retraining(JobRequest request, Path store, KafkaSinks sinks) {
    Settings settings = request.settings();
    return new Retraining(
        KafkaSources.retrainRequests(request.connection(), request.topics(), request.name()),
        new RetrainOperator(
            settings.get(RetrainSettings.class),
            "tagstream job " + request.name(),
            new StoredRuns(
                store,
                settings.get(TrainingStoreSettings.class),
                settings.get(TrainingSettings.class).minPerClass()),
            new StoredModels(
                request.models(), request.name(), settings.get(ModelStoreSettings.class).keep()),
            new StoredTraining(
                store,
                request.models(),
                request.name(),
                settings.get(TrainingSettings.class),
                settings.get(RetrainSettings.class).minHeldOut())),
        sinks.modelUpdates());
  }

  /** Flink writes the store through its own file systems; training reads it through java.nio. */
  private static Path trainingFolder(String store) {
    try {
      return Path.of(SnapshotFolder.uri(store));
    } catch (FileSystemNotFoundException e) {
      throw new UsageException(
          "--training-store %s: training cannot read it, because no java.nio file-system provider for it is on the class path"
              .formatted(store),
          e);
    }
  }

  /**
   * Handles a snapshot that holds labels when this run reads none: refuses it, or drops them with a
   * warning.
   */
  private static void leaveLabelsBehind(
      JobRequest request, ResumeDecision decision, Configuration options) {
    if (decision
        .snapshot()
        .filter(snapshot -> SnapshotContents.holds(snapshot, TagstreamJob.LABEL_JOIN))
        .isEmpty()) {
      return;
    }
    if (!request.wish().acceptLoss()) {
      throw new UserException(
          "the newest snapshot of %s holds labels and images that are not in the training store yet: give its --training-store again; --accept-loss drops them, --fresh starts without the snapshot"
              .formatted(request.name()));
    }
    LOG.warn("Dropped the snapshot's labels and images that were not in the training store yet");
    options.set(StateRecoveryOptions.SAVEPOINT_IGNORE_UNCLAIMED_STATE, true);
  }

  private static CropGeometry liveGeometry(JobRequest request) {
    ModelStore store = new ModelStore(request.models());
    return CropGeometry.of(store.metadata(store.live()).preprocessing());
  }

  private static List<String> inputsAndOutputs(JobRequest request) {
    Topics topics = request.topics();
    return Stream.concat(
            inputs(request).stream(),
            Stream.of(topics.modelUpdates(), topics.predictions(), topics.rejectedImages()))
        .toList();
  }

  /** The topics whose offsets the job commits. */
  private static List<String> inputs(JobRequest request) {
    Topics topics = request.topics();
    return Stream.concat(
            Stream.of(topics.images(), topics.labeledImages()),
            request.trainingStore().stream().map(store -> topics.labels()))
        .toList();
  }

  private static JobPlan plan(
      JobRequest request,
      CropGeometry geometry,
      JobSettings settings,
      int parallelism,
      int sinkGeneration) {
    ParallelismSettings wanted = request.settings().get(ParallelismSettings.class);
    return new JobPlan(
        parallelism,
        wanted.decode().orElse(parallelism),
        wanted.inference().orElse(1),
        wanted.separateSlots(),
        request.trainingStore().isPresent(),
        geometry,
        MicroBatching.of(request.settings().get(BatchSettings.class), request.views()),
        request.topics(),
        request.settings().get(ImageSettings.class),
        request.settings().get(LabelSettings.class),
        request.settings().get(InferenceSettings.class),
        settings.sourceIdleAfter(),
        sinkGeneration,
        notes(request),
        request.wish().acceptLoss());
  }

  /**
   * Next to the snapshots, where all processes find them. If the snapshots are not on a local file
   * system, in a folder of each TaskManager.
   */
  private static NotePlace notes(JobRequest request) {
    return new SnapshotFolder(request.checkpoints(), request.name())
        .local()
        .map(folder -> NotePlace.at(folder.resolve("suspects")))
        .orElseGet(() -> NotePlace.ofTaskManager(request.name()));
  }

  /**
   * The facts for the job's status and its first lines.
   *
   * @param named the snapshot given with the submission
   */
  private static JobFacts facts(
      JobRequest request,
      String clusterId,
      Optional<String> named,
      ResumeDecision decision,
      Instant startedAt) {
    Optional<String> resumedFrom = named.or(() -> decision.snapshot().map(Snapshot::location));
    return new JobFacts(
        request.name(),
        request.models(),
        new JobStatus.Kafka(
            clusterId, request.connection().bootstrapServers(), request.topics().prefix()),
        request.engine().toString(),
        request.device().toString(),
        request.views().count(),
        resumedFrom.map("resumes from %s"::formatted).orElseGet(() -> withoutSnapshot(request)),
        resumedFrom,
        startedAt);
  }

  private static String withoutSnapshot(JobRequest request) {
    return "starts without a snapshot, from the committed offsets, otherwise the earliest"
        + (request.wish().fresh() ? ": images since the last commit may be predicted twice" : "");
  }

  private static String clusterId(JobRequest request) {
    try (KafkaSourceBroker broker =
        new KafkaSourceBroker(request.connection().commonProperties())) {
      return broker.clusterId();
    } catch (Exception e) {
      throw new UserException(
          "cannot read the cluster id from the broker at %s: %s"
              .formatted(request.connection().bootstrapServers(), FailureCause.of(e)),
          e);
    }
  }

  /**
   * Next to the snapshots, which are on a disk with room, and not in the temporary folder, which is
   * in memory on many machines. Files of a killed process are deleted: state is restored from a
   * snapshot.
   */
  private static Path emptyWorkingFolder(JobRequest request) {
    Path folder = localFolder(request).resolve("rocksdb");
    try {
      FileUtils.deleteDirectory(folder.toFile());
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UserException("cannot empty %s: %s".formatted(folder, e), e);
    }
  }

  private static Path localFolder(JobRequest request) {
    return new SnapshotFolder(request.checkpoints(), request.name())
        .local()
        .orElseThrow(
            () ->
                new UsageException(
                    "--checkpoints %s: a job in this process needs a local folder; to use another file system, submit the job to a cluster"
                        .formatted(request.checkpoints())));
  }
}
