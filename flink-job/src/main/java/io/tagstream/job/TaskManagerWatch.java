package io.tagstream.job;

import io.tagstream.settings.UserException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.FlinkExpectedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks that the cluster of this process still has its TaskManager. Flink ends a TaskManager after
 * an error that it considers fatal, and the job then waits for another one, which never comes.
 *
 * <p>This class starts no new one: the cause of the fatal error (threads, native memory, classes)
 * is still in the process, and on a cluster Flink ends the process of the TaskManager too. A
 * supervisor restarts a process that ended, and the job resumes from its last checkpoint.
 */
final class TaskManagerWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TaskManagerWatch.class);
  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private static final List<Class<? extends Throwable>> CONSEQUENCES =
      List.of(FlinkExpectedException.class, NoResourceAvailableException.class);

  /** A live TaskManager reconnects within a second after the whole process was suspended. */
  private static final Duration GONE_FOR_GOOD = Duration.ofSeconds(10);

  private final MiniCluster cluster;
  private final JobID job;
  private final Consumer<UserException> lost;
  private final ScheduledExecutorService thread;

  private long connectedAt = System.nanoTime();

  /**
   * Failures since then are candidates for the cause. By the wall clock, like Flink's timestamps.
   */
  private long workedAt = System.currentTimeMillis();

  private TaskManagerWatch(MiniCluster cluster, JobID job, Consumer<UserException> lost) {
    this.cluster = cluster;
    this.job = job;
    this.lost = lost;
    thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread created = new Thread(task, "TaskManager watch");
              created.setDaemon(true);
              return created;
            });
  }

  /**
   * Checks until closed.
   *
   * @param lost receives, at most once, the failure that the TaskManager ended with
   */
  static TaskManagerWatch start(MiniCluster cluster, JobID job, Consumer<UserException> lost) {
    TaskManagerWatch watch = new TaskManagerWatch(cluster, job, lost);
    Future<?> unused =
        watch.thread.scheduleWithFixedDelay(
            watch::check, 0, CHECK_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    return watch;
  }

  private void check() {
    try {
      int connected = get(cluster.requestClusterOverview()).getNumTaskManagersConnected();
      long now = System.nanoTime();
      if (connected > 0) {
        connectedAt = now;
        if (RunningJob.allRunning(get(cluster.getExecutionGraph(job)))) {
          workedAt = System.currentTimeMillis();
        }
      } else if (now - connectedAt > GONE_FOR_GOOD.toNanos()) {
        lost.accept(
            new UserException(
                firstFailure()
                    .map(
                        failure ->
                            FailureCause.of(failure) + "; Flink's TaskManager ended after it")
                    .orElse("Flink's TaskManager ended with a fatal error: see FATAL in the log")));
        thread.shutdown();
      }
    } catch (ExecutionException | TimeoutException | RuntimeException e) {
      // The cluster is closing, or it does not know the job yet, or no longer.
      LOG.debug("Flink does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The first failure that the JobManager knows of. It learns of a task's failure after the task's
   * clean-up, and not at all if that was fatal. The disconnect itself, which Flink expects, and
   * missing slots are consequences and are ignored.
   */
  private Optional<Throwable> firstFailure()
      throws ExecutionException, InterruptedException, TimeoutException {
    return StreamSupport.stream(
            get(cluster.getExecutionGraphInfo(job)).getExceptionHistory().spliterator(), false)
        .filter(failure -> failure.getTimestamp() >= workedAt)
        .filter(failure -> !isConsequence(failure.getException()))
        .min(Comparator.comparing(ErrorInfo::getTimestamp))
        .map(ErrorInfo::getException);
  }

  private static boolean isConsequence(Throwable failure) {
    return CONSEQUENCES.stream()
        .anyMatch(
            type ->
                ExceptionUtils.findSerializedThrowable(
                        failure, type, TaskManagerWatch.class.getClassLoader())
                    .isPresent());
  }

  private static <T> T get(CompletableFuture<T> answer)
      throws ExecutionException, InterruptedException, TimeoutException {
    return answer.get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
