package io.tagstream.job.lock;

import io.tagstream.settings.UserException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Holds the job's name on a Flink cluster, where the process that submits a job does not run it.
 * While the job waits for a restart no job holds the name, and another job can take it; that job
 * yields once this one is running again. Its parallelism is one; it has no state.
 */
public final class NameLockOperator extends AbstractStreamOperator<Void>
    implements OneInputStreamOperator<Void, Void> {
  private static final long serialVersionUID = 1L;

  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

  private final JobName name;
  private final Instant since;
  private final String id = UUID.randomUUID().toString();

  private transient Optional<NameLock> lock;

  /**
   * @param since when the job was submitted, after a check that no other job held the name
   */
  public NameLockOperator(JobName name, Instant since) {
    this.name = name;
    this.since = since;
  }

  @Override
  public void open() throws Exception {
    super.open();
    lock = Optional.of(name.keep(since, id));
    scheduleCheck();
  }

  private void scheduleCheck() {
    long now = getProcessingTimeService().getCurrentProcessingTime();
    var unused =
        getProcessingTimeService().registerTimer(now + CHECK_INTERVAL.toMillis(), time -> check());
  }

  private void check() {
    Optional<UserException> why = Optional.ofNullable(lock.orElseThrow().lost().getNow(null));
    if (why.isPresent()) {
      throw new SuppressRestartsException(why.get());
    }
    scheduleCheck();
  }

  @Override
  public void processElement(StreamRecord<Void> element) {
    // The guard's output has no records.
  }

  @Override
  public void close() throws Exception {
    try {
      if (lock != null) {
        lock.ifPresent(NameLock::close);
      }
    } finally {
      super.close();
    }
  }
}
