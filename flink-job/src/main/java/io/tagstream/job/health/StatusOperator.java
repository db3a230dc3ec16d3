package io.tagstream.job.health;

import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.JobStatus.State;
import io.tagstream.model.store.StoreJson;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Writes the job's status on a cluster, where no Tagstream process observes the job. It knows only
 * what an operator is notified of: which checkpoints completed or were aborted, and how often the
 * job restarted, but not why. While the job does not run, nothing is written. An operator cannot
 * tell a stop from a failure, so the end of the job is not written either. Its parallelism is one;
 * it has no state.
 */
public final class StatusOperator extends AbstractStreamOperator<Void>
    implements OneInputStreamOperator<Void, Void> {
  private static final long serialVersionUID = 1L;

  private static final Duration WRITE_INTERVAL = Duration.ofSeconds(5);
  private static final Duration LAST_WRITE = Duration.ofSeconds(5);

  /** As JSON, because Optional is not Serializable. */
  private final byte[] atTheStart;

  private final URI models;

  private transient JobStatus start;
  private transient StatusFile file;
  private transient ExecutorService writer;
  private transient AtomicBoolean writing;
  private transient Optional<JobStatus.Checkpoint> last;
  private transient JobStatus.Troubles failed;
  private transient JobStatus.Troubles restarts;

  /**
   * @param atTheStart the status when the job was submitted
   * @param models the store, accessible to every TaskManager
   */
  StatusOperator(JobStatus atTheStart, Path models) {
    this.atTheStart = StoreJson.write(atTheStart);
    this.models = models.toAbsolutePath().normalize().toUri();
  }

  @Override
  public void open() throws Exception {
    super.open();
    start = StoreJson.read(atTheStart, JobStatus.class);
    file = new StatusFile(Path.of(models));
    writing = new AtomicBoolean();
    last = Optional.empty();
    failed = JobStatus.Troubles.NONE;
    int attempt = getRuntimeContext().getTaskInfo().getAttemptNumber();
    restarts =
        attempt == 0
            ? JobStatus.Troubles.NONE
            : new JobStatus.Troubles(attempt, Optional.of(now()), Optional.empty());
    writer =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "job status");
              thread.setDaemon(true);
              thread.setContextClassLoader(getUserCodeClassloader());
              return thread;
            });
    write();
  }

  private Instant now() {
    return Instant.ofEpochMilli(getProcessingTimeService().getCurrentProcessingTime());
  }

  /**
   * Writes off the task's thread, since a store may hang; skipped while the last write still runs.
   */
  private void write() {
    ScheduledFuture<?> unused =
        getProcessingTimeService()
            .registerTimer(now().plus(WRITE_INTERVAL).toEpochMilli(), time -> write());
    if (writing.compareAndSet(false, true)) {
      State state =
          last.isPresent()
              ? State.RUNNING
              : restarts.count() > 0 ? State.RESTARTING : State.STARTING;
      Instant now = now();
      writer.execute(
          () -> {
            file.write(status(state, now));
            writing.set(false);
          });
    }
  }

  private JobStatus status(State state, Instant now) {
    Path store = Path.of(models);
    return new JobStatus(
        JobStatus.FORMAT,
        start.job(),
        state,
        Optional.empty(),
        start.startedAt(),
        now,
        JobStatus.Writer.current(),
        start.kafka(),
        new JobStatus.Serving(
            JobFacts.liveVersion(store),
            start.serving().engine(),
            start.serving().device(),
            start.serving().views()),
        start.resumedFrom(),
        last,
        failed,
        restarts,
        Optional.empty());
  }

  @Override
  public void processElement(StreamRecord<Void> element) {
    // The offset guard emits no elements.
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    super.notifyCheckpointComplete(checkpointId);
    last =
        Optional.of(
            new JobStatus.Checkpoint(
                checkpointId, now(), Optional.empty(), Optional.empty(), Optional.empty()));
  }

  @Override
  public void notifyCheckpointAborted(long checkpointId) throws Exception {
    super.notifyCheckpointAborted(checkpointId);
    failed = new JobStatus.Troubles(failed.count() + 1, Optional.of(now()), Optional.empty());
  }

  @Override
  public void close() throws Exception {
    try {
      if (writer != null) {
        writer.shutdown();
        boolean unused = writer.awaitTermination(LAST_WRITE.toMillis(), TimeUnit.MILLISECONDS);
      }
    } finally {
      super.close();
    }
  }
}
