package io.tagstream.job.health;

import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.JobStatus.State;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Observes a running job: reports its health, writes its status into the model store, and fails the
 * job when it completes no checkpoint for {@code checkpoint.tolerable-age}.
 *
 * <p>It uses three threads, because two may block: one observes the job and decides, one writes,
 * since a store may hang, and one checks Kafka, which may not answer.
 */
public final class JobWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobWatch.class);

  private static final Duration OBSERVE_INTERVAL = Duration.ofSeconds(1);
  private static final Duration WRITE_INTERVAL = Duration.ofSeconds(5);
  private static final Duration KAFKA_CHECK_INTERVAL = Duration.ofSeconds(5);

  /**
   * The most time between two observations that counts: a longer gap means that this process was
   * suspended.
   */
  private static final Duration LONGEST_STEP = Duration.ofSeconds(10);

  /** Without an observation for this long, the health is unknown. */
  private static final Duration BLIND = Duration.ofSeconds(30);

  private static final Duration LAST_WRITE = Duration.ofSeconds(5);

  /** The most subtasks that a reason names. */
  private static final int MAX_NAMED_SUBTASKS = 3;

  /** The observed job. */
  public interface Watched {

    /** Observes the job; throws when Flink does not answer. */
    Observation observe() throws Exception;

    /** Ends the job as failed. */
    void fail(UserException why);
  }

  private final Watched job;
  private final JobFacts facts;
  private final Tolerance tolerance;
  private final BooleanSupplier kafkaAnswers;
  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final StatusFile file;
  private final CheckpointAge age;
  private final ScheduledExecutorService threads;

  private volatile Observation seen = Observation.none();
  private volatile Health health;
  private volatile boolean kafkaAway;
  private volatile boolean late;
  private volatile boolean stopping;
  private volatile Optional<UserException> failure = Optional.empty();
  private volatile long observedAt;
  private volatile Optional<String> savepoint = Optional.empty();

  /**
   * @param nanoTime a monotonic clock in nanoseconds
   */
  JobWatch(
      Watched job,
      JobFacts facts,
      Tolerance tolerance,
      BooleanSupplier kafkaAnswers,
      InstantSource clock,
      LongSupplier nanoTime) {
    this.job = job;
    this.facts = facts;
    this.tolerance = tolerance;
    this.kafkaAnswers = kafkaAnswers;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.file = new StatusFile(facts.models());
    this.age = new CheckpointAge(LONGEST_STEP, tolerance.kafkaOutage());
    this.observedAt = nanoTime.getAsLong();
    this.threads =
        Executors.newScheduledThreadPool(
            3,
            task -> {
              Thread thread = new Thread(task, "job watch");
              thread.setDaemon(true);
              return thread;
            });
    judge();
  }

  /**
   * Observes a job until closed.
   *
   * @param kafkaAnswers called when a checkpoint is late; may block for some time
   */
  public static JobWatch start(
      Watched job, JobFacts facts, Tolerance tolerance, BooleanSupplier kafkaAnswers) {
    JobWatch watch =
        new JobWatch(job, facts, tolerance, kafkaAnswers, InstantSource.system(), System::nanoTime);
    watch.repeat(watch::observe, OBSERVE_INTERVAL);
    watch.repeat(watch::write, WRITE_INTERVAL);
    watch.repeat(watch::checkKafka, KAFKA_CHECK_INTERVAL);
    return watch;
  }

  private void repeat(Runnable action, Duration pause) {
    Future<?> unused =
        threads.scheduleWithFixedDelay(
            () -> {
              try {
                action.run();
              } catch (RuntimeException e) {
                // An exception would end the schedule.
                LOG.warn("A check of job {} failed", facts.job(), e);
              }
            },
            0,
            pause.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** The lines that a start prints. */
  public List<String> startLines() {
    return facts.lines();
  }

  /** Whether the job works. Thread-safe. */
  public Health health() {
    Health latest = health;
    Duration blind = Duration.ofNanos(nanoTime.getAsLong() - observedAt);
    if (blind.compareTo(BLIND) <= 0) {
      return latest;
    }
    List<String> reasons = new ArrayList<>(latest.notReady());
    reasons.add("the job could not be observed for " + seconds(blind));
    return new Health(latest.job(), latest.state(), latest.fatal(), reasons);
  }

  /** Observes the job once, updates its health, and fails it if its last checkpoint is too old. */
  synchronized void observe() {
    State before = seen.state();
    try {
      seen = job.observe();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    } catch (Exception e) {
      LOG.debug("Flink does not answer", e);
    }
    long now = nanoTime.getAsLong();
    age.step(Duration.ofNanos(now - observedAt), seen.completed(), !kafkaAway);
    observedAt = now;
    late = age.counted().plus(age.withoutKafka()).compareTo(tolerance.lately(seen.last())) > 0;
    if (age.counted().compareTo(tolerance.tolerableAge()) > 0) {
      fail(new UserException(tooOld()));
    }
    judge();
    if (seen.state() != before) {
      Future<?> unused = threads.submit(this::write);
    }
  }

  /** Ends the job as failed, unless that was done before. */
  public synchronized void fail(UserException why) {
    if (failure.isEmpty()) {
      failure = Optional.of(why);
      judge();
      job.fail(why);
    }
  }

  private void judge() {
    List<String> fatal = new ArrayList<>();
    failure.ifPresent(why -> fatal.add(why.getMessage()));
    if (seen.state().isFinal()) {
      fatal.add("the job has " + ended());
    }
    List<String> notReady = new ArrayList<>();
    if (stopping && !seen.state().isFinal()) {
      notReady.add("the job is stopping");
    }
    if (seen.state() == State.STARTING || seen.state() == State.RESTARTING) {
      notReady.add(
          "the job is %s%s"
              .formatted(seen.state().word(), seen.cause().map(cause -> ": " + cause).orElse("")));
    }
    if (!seen.notRunning().isEmpty()) {
      notReady.add(subtasks());
    }
    if (seen.completed() == 0) {
      notReady.add("no checkpoint has completed since the start" + lastFailure());
    } else if (late) {
      notReady.add(
          "no checkpoint has completed for %s%s"
              .formatted(seconds(age.counted().plus(age.withoutKafka())), lastFailure()));
    }
    if (kafkaAway) {
      notReady.add("Kafka at %s does not answer".formatted(facts.kafka().bootstrapServers()));
    }
    health = new Health(facts.job(), state(), fatal, notReady);
  }

  private String ended() {
    return seen.state() == State.FAILED
        ? "failed" + seen.cause().map(cause -> ": " + cause).orElse("")
        : "ended";
  }

  private String subtasks() {
    int all = seen.notRunning().size();
    String named =
        String.join(", ", seen.notRunning().subList(0, Math.min(MAX_NAMED_SUBTASKS, all)));
    return all <= MAX_NAMED_SUBTASKS
        ? named
        : "%s and %d more".formatted(named, all - MAX_NAMED_SUBTASKS);
  }

  private String lastFailure() {
    return seen.failedCheckpoints()
        .lastCause()
        .map(cause -> "; the last one failed: " + cause)
        .orElse("");
  }

  private String tooOld() {
    String restarts =
        seen.restarts().lastCause().map(cause -> "; the last restart's cause: " + cause).orElse("");
    String away =
        age.withoutKafka().isZero()
            ? ""
            : " (not counting %s without Kafka)".formatted(seconds(age.withoutKafka()));
    return "no checkpoint has completed for %s%s, and checkpoint.tolerable-age is %s%s%s; the process ends so that it can be started again, and the next start resumes from the last checkpoint"
        .formatted(
            seconds(age.counted()),
            away,
            DurationText.format(tolerance.tolerableAge()),
            lastFailure(),
            restarts);
  }

  private static String seconds(Duration time) {
    return time.toSeconds() + " s";
  }

  private State state() {
    if (failure.isPresent()) {
      return State.FAILED;
    }
    return stopping && !seen.state().isFinal() ? State.STOPPING : seen.state();
  }

  private Optional<String> cause() {
    return failure.map(UserException::getMessage).or(seen::cause);
  }

  void write() {
    file.write(facts.status(seen.in(state(), cause()), Optional.empty(), clock.instant()));
  }

  /** Checks once whether Kafka answers, if a checkpoint is late. */
  void checkKafka() {
    kafkaAway = late && !kafkaAnswers.getAsBoolean();
  }

  /** Notes that a stop has begun. */
  public void stopping() {
    stopping = true;
  }

  /** Notes that the stop completed with this savepoint. */
  public void stoppedWith(String written) {
    savepoint = Optional.of(written);
  }

  /**
   * The snapshot that the next start resumes from: the newest of this run, otherwise the one it
   * started with.
   */
  public Optional<String> remains() {
    return savepoint
        .or(() -> seen.last().flatMap(JobStatus.Checkpoint::location))
        .or(facts::resumedFrom);
  }

  /**
   * Observes the job a last time and writes how it ended. Must be called before its cluster is
   * closed.
   */
  @Override
  public void close() {
    if (threads.isShutdown()) {
      return;
    }
    observe();
    try {
      threads.submit(this::writeEnd).get(LAST_WRITE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn(
          "The end of job {} could not be written into its status: {}", facts.job(), e.toString());
    }
    threads.shutdownNow();
  }

  private void writeEnd() {
    boolean failed = failure.isPresent() || seen.state() == State.FAILED;
    Instant now = clock.instant();
    JobStatus.End end =
        new JobStatus.End(now, savepoint, savepoint.isPresent() ? Optional.empty() : remains());
    Observation last =
        seen.in(failed ? State.FAILED : State.STOPPED, failed ? cause() : Optional.empty());
    file.writeLast(facts.status(last, Optional.of(end), now));
  }
}
