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
 * Looks whether the cluster of this process still has its TaskManager. Flink ends it at an error
 * that it holds for fatal, and lets the job wait for another one, which nobody starts.
 *
 * <p>Nor is one started here: what made the error fatal (threads, native memory, classes) is in the
 * process still, and on a cluster Flink ends a TaskManager's process then. A process that ends is
 * started anew by whoever keeps it running, and resumes from its last checkpoint.
 */
final class TaskManagerWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TaskManagerWatch.class);
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private static final List<Class<? extends Throwable>> CONSEQUENCES =
      List.of(FlinkExpectedException.class, NoResourceAvailableException.class);

  /** One that lives comes back within a second after a pause of the whole process. */
  private static final Duration GONE_FOR_GOOD = Duration.ofSeconds(10);

  private final MiniCluster cluster;
  private final JobID job;
  private final Consumer<UserException> lost;
  private final ScheduledExecutorService thread;

  private long connectedAt = System.nanoTime();

  /** Failures since are of interest. By the wall clock, as Flink notes them. */
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
   * Looks until closed.
   *
   * @param lost hears, at most once, of the failure that the TaskManager ended with
   */
  static TaskManagerWatch start(MiniCluster cluster, JobID job, Consumer<UserException> lost) {
    TaskManagerWatch watch = new TaskManagerWatch(cluster, job, lost);
    Future<?> unused =
        watch.thread.scheduleWithFixedDelay(watch::look, 0, LOOK.toMillis(), TimeUnit.MILLISECONDS);
    return watch;
  }

  private void look() {
    try {
      int connected = ask(cluster.requestClusterOverview()).getNumTaskManagersConnected();
      long now = System.nanoTime();
      if (connected > 0) {
        connectedAt = now;
        if (RunningJob.allRunning(ask(cluster.getExecutionGraph(job)))) {
          workedAt = System.currentTimeMillis();
        }
      } else if (now - connectedAt > GONE_FOR_GOOD.toNanos()) {
        lost.accept(
            new UserException(
                firstFailure()
                    .map(
                        failure ->
                            FailureCause.of(failure) + "; Flink's TaskManager ended after it")
                    .orElse(
                        "Flink's TaskManager ended with an error that it holds for fatal: the log has it, after FATAL")));
        thread.shutdown();
      }
    } catch (ExecutionException | TimeoutException | RuntimeException e) {
      // A cluster that closes, or a job that it does not know yet, or no longer.
      LOG.debug("Flink gives no answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Of what the JobManager has heard. What a task fails with, it hears after the task's clean-up,
   * and not at all where that was fatal; the end itself, which Flink expects, and slots that nobody
   * offers say nothing.
   */
  private Optional<Throwable> firstFailure()
      throws ExecutionException, InterruptedException, TimeoutException {
    return StreamSupport.stream(
            ask(cluster.getExecutionGraphInfo(job)).getExceptionHistory().spliterator(), false)
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

  private static <T> T ask(CompletableFuture<T> answer)
      throws ExecutionException, InterruptedException, TimeoutException {
    return answer.get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
