package io.tagstream.job;

import io.tagstream.job.health.JobFacts;
import io.tagstream.job.health.JobWatch;
import io.tagstream.job.health.Observation;
import io.tagstream.job.health.Tolerance;
import io.tagstream.job.lock.NameLock;
import io.tagstream.job.snapshot.JobLock;
import io.tagstream.job.snapshot.SnapshotFolder;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A job and its Flink cluster in this process. Thread-safe. */
public final class RunningJob implements JobWatch.Watched, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunningJob.class);
  private static final Duration PAUSE = Duration.ofMillis(50);

  private static final String FROM_CHECKPOINT =
      "the next start resumes from its last checkpoint, provided that it starts before transaction.timeout.ms has passed";

  /** States in which a stop does not wait for the job to run. */
  private static final Set<JobStatus> RECOVERING =
      EnumSet.of(JobStatus.FAILING, JobStatus.RESTARTING);

  /** Long enough to load a model of 240 MB from a slow disk. */
  private static final Duration START_PATIENCE = Duration.ofMinutes(2);

  /** Flink's JobManager in this process answers within milliseconds, unless it hangs. */
  private static final Duration ANSWER = Duration.ofSeconds(5);

  /**
   * The longest time that a stop waits for a starting job to run, before it ends without a
   * savepoint.
   */
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(4);

  private final MiniCluster cluster;
  private final JobID job;
  private final String name;
  private final SnapshotFolder snapshots;
  private final JobLock lock;
  private final CompletableFuture<JobResult> result;
  private final TaskManagerWatch taskManager;
  private BooleanSupplier kafkaAnswers = () -> true;

  /** Empty in tests without Kafka. */
  private Optional<NameLock> nameLock = Optional.empty();

  /** Empty in tests that observe the job directly. */
  private Optional<JobWatch> watch = Optional.empty();

  private RunningJob(
      MiniCluster cluster,
      JobID job,
      String name,
      SnapshotFolder snapshots,
      JobLock lock,
      CompletableFuture<JobResult> result) {
    this.cluster = cluster;
    this.job = job;
    this.name = name;
    this.snapshots = snapshots;
    this.lock = lock;
    this.result = result;
    this.taskManager = TaskManagerWatch.start(cluster, job, result::completeExceptionally);
  }

  /**
   * Sets the check that a stop makes first, because a savepoint waits for Kafka.
   *
   * @param answers whether Kafka answers; may block for some seconds
   */
  RunningJob withKafka(BooleanSupplier answers) {
    kafkaAnswers = answers;
    return this;
  }

  /** Starts a cluster and submits a job to it; takes ownership of the lock. */
  static RunningJob submit(
      StreamGraph graph,
      Configuration options,
      int slots,
      String name,
      SnapshotFolder snapshots,
      JobLock lock) {
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(options)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(slots)
                .setCommonBindAddress("127.0.0.1")
                .build());
    try {
      cluster.start();
      JobGraph jobGraph = graph.getJobGraph();
      cluster.submitJob(jobGraph).get();
      return new RunningJob(
          cluster,
          jobGraph.getJobID(),
          name,
          snapshots,
          lock,
          cluster.requestJobResult(jobGraph.getJobID()));
    } catch (Exception e) {
      closeQuietly(cluster);
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new UserException("job %s does not start: %s".formatted(name, FailureCause.of(e)), e);
    }
  }

  private static void closeQuietly(MiniCluster cluster) {
    try {
      cluster.close();
    } catch (Exception e) {
      LOG.warn("Flink did not stop cleanly", e);
    }
  }

  /** Starts a {@link JobWatch}, which is closed with the job. */
  RunningJob watched(JobFacts facts, Tolerance tolerance, BooleanSupplier kafkaAnswers) {
    watch = Optional.of(JobWatch.start(this, facts, tolerance, kafkaAnswers));
    return this;
  }

  /** Takes ownership of the lock of the job's name; the job fails when the lock is lost. */
  RunningJob named(NameLock taken) {
    nameLock = Optional.of(taken);
    CompletableFuture<Void> unused =
        taken
            .lost()
            .thenAccept(
                why -> watch.ifPresentOrElse(watching -> watching.fail(why), () -> fail(why)));
    return this;
  }

  JobWatch watch() {
    return watch.orElseThrow();
  }

  @Override
  public Observation observe() throws Exception {
    return ExecutionGraphReader.of(
        cluster.getExecutionGraph(job).get(ANSWER.toMillis(), TimeUnit.MILLISECONDS));
  }

  @Override
  public void fail(UserException why) {
    result.completeExceptionally(why);
  }

  /**
   * Waits until every operator runs, with its models loaded.
   *
   * @throws UserException with the cause, when the job fails before
   */
  public void awaitRunning() throws InterruptedException {
    awaitRunning(false);
  }

  private void awaitRunning(boolean toStop) throws InterruptedException {
    Duration patience = toStop ? STOP_PATIENCE : START_PATIENCE;
    long deadline = System.nanoTime() + patience.toNanos();
    while (!allRunning()) {
      if (result.isDone()) {
        await();
        return;
      }
      if (toStop && recovering()) {
        throw new UserException(
            "job %s is recovering from a failure and ends without a savepoint; %s"
                .formatted(name, FROM_CHECKPOINT));
      }
      if (toStop && System.nanoTime() - deadline > 0) {
        throw new UserException(
            "job %s does not run and ends without a savepoint; %s"
                .formatted(name, FROM_CHECKPOINT));
      }
      if (System.nanoTime() - deadline > 0) {
        throw new UserException(
            "job %s did not start within %d s: see the log for what it waits for"
                .formatted(name, START_PATIENCE.toSeconds()));
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
    }
  }

  private boolean allRunning() throws InterruptedException {
    try {
      return allRunning(cluster.getExecutionGraph(job).get());
    } catch (ExecutionException e) {
      // Flink may not know the job yet, or no longer.
      return false;
    }
  }

  /** Whether every subtask has started. */
  static boolean allRunning(AccessExecutionGraph graph) {
    if (graph.getState() != JobStatus.RUNNING) {
      return false;
    }
    for (AccessExecutionVertex vertex : graph.getAllExecutionVertices()) {
      ExecutionState state = vertex.getExecutionState();
      if (state != ExecutionState.RUNNING && state != ExecutionState.FINISHED) {
        return false;
      }
    }
    return true;
  }

  /** Whether the job has failed and will restart. */
  boolean recovering() throws InterruptedException {
    try {
      return RECOVERING.contains(cluster.getJobStatus(job).get());
    } catch (ExecutionException e) {
      return false;
    }
  }

  /**
   * Stops with a savepoint, which commits every prediction made so far, and waits for it. First
   * waits for a start in progress, but not for a job that recovers from a failure. Does nothing
   * when the job has ended.
   *
   * @return the savepoint; empty when the job had ended
   * @throws UserException when there is no savepoint, or not all of its predictions were committed;
   *     the caller must then close the job, and the next start resumes from the last snapshot
   */
  public synchronized Optional<String> stop() throws InterruptedException {
    watch.ifPresent(JobWatch::stopping);
    awaitRunning(true);
    if (result.isDone()) {
      return Optional.empty();
    }
    if (!kafkaAnswers.getAsBoolean()) {
      throw new UserException(
          "job %s ends without a savepoint, because Kafka does not answer; %s"
              .formatted(name, FROM_CHECKPOINT));
    }
    try {
      String savepoint =
          cluster
              .stopWithSavepoint(job, snapshots.location(), false, SavepointFormatType.CANONICAL)
              .get();
      // The savepoint is complete before its transactions are committed; only the end of the job
      // shows that they are.
      await();
      snapshots.noteFinishedStop(savepoint);
      watch.ifPresent(watching -> watching.stoppedWith(savepoint));
      return Optional.of(savepoint);
    } catch (ExecutionException e) {
      throw new UserException(
          "job %s stopped without a savepoint: %s; %s"
              .formatted(name, FailureCause.of(e), FROM_CHECKPOINT),
          e);
    }
  }

  /**
   * Waits for the job's end.
   *
   * @throws UserException with the root cause, when it failed
   */
  public void await() throws InterruptedException {
    JobResult ended;
    try {
      ended = result.get();
    } catch (ExecutionException e) {
      throw new UserException("job %s failed: %s".formatted(name, FailureCause.of(e)), e);
    }
    if (ended.getSerializedThrowable().isPresent()) {
      Throwable failure = ended.getSerializedThrowable().get();
      throw new UserException(
          "job %s failed: %s".formatted(name, FailureCause.of(failure)), failure);
    }
  }

  /**
   * Like {@link #await()}, for a limited time.
   *
   * @return whether the job has ended
   */
  public boolean await(Duration patience) throws InterruptedException {
    try {
      result.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new UserException("job %s failed: %s".formatted(name, FailureCause.of(e)), e);
    }
    await();
    return true;
  }

  /**
   * Ends the job and its cluster without a savepoint; its checkpoints stay. Waits for a stop in
   * progress, so that the process does not end between the job's end and the note of the finished
   * stop.
   */
  @Override
  public synchronized void close() {
    watch.ifPresent(JobWatch::close);
    taskManager.close();
    closeQuietly(cluster);
    nameLock.ifPresent(NameLock::close);
    lock.close();
  }
}
