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
 * Looks at a job as long as it runs: says whether it works, writes its status into the model store,
 * and gives it up when it completes no checkpoint for too long.
 *
 * <p>Three threads, because two may be kept waiting: one looks and judges, one writes, since a
 * store may hang, and one asks Kafka, which may not answer.
 */
public final class JobWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobWatch.class);

  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final Duration WRITE = Duration.ofSeconds(5);
  private static final Duration ASK = Duration.ofSeconds(5);

  /** Of the time between two looks: more than that, and this process stood still. */
  private static final Duration LONGEST_STEP = Duration.ofSeconds(10);

  /** Without a look for so long nobody knows how the job stands. */
  private static final Duration BLIND = Duration.ofSeconds(30);

  private static final Duration LAST_WRITE = Duration.ofSeconds(5);

  /** Subtasks that a reason names. */
  private static final int NAMED = 3;

  /** The job, as it is looked at. */
  public interface Watched {

    /** How it stands; throws when Flink gives no answer. */
    Observation observe() throws Exception;

    /** Ends it, as failed. */
    void giveUp(UserException why);
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
  private volatile Optional<UserException> givenUp = Optional.empty();
  private volatile long lookedAt;
  private volatile Optional<String> savepoint = Optional.empty();

  /**
   * @param nanoTime a clock that only goes forward
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
    this.lookedAt = nanoTime.getAsLong();
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
   * Looks at a job until closed.
   *
   * @param kafkaAnswers asked when a checkpoint is late; may take its time
   */
  public static JobWatch start(
      Watched job, JobFacts facts, Tolerance tolerance, BooleanSupplier kafkaAnswers) {
    JobWatch watch =
        new JobWatch(job, facts, tolerance, kafkaAnswers, InstantSource.system(), System::nanoTime);
    watch.repeat(watch::look, LOOK);
    watch.repeat(watch::write, WRITE);
    watch.repeat(watch::askKafka, ASK);
    return watch;
  }

  private void repeat(Runnable action, Duration pause) {
    Future<?> unused =
        threads.scheduleWithFixedDelay(
            () -> {
              try {
                action.run();
              } catch (RuntimeException e) {
                // One that leaves here would be the last.
                LOG.warn("A look at job {} failed", facts.job(), e);
              }
            },
            0,
            pause.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** What a start says. */
  public List<String> startLines() {
    return facts.lines();
  }

  /** Whether the job works; asked from any thread. */
  public Health health() {
    Health latest = health;
    Duration blind = Duration.ofNanos(nanoTime.getAsLong() - lookedAt);
    if (blind.compareTo(BLIND) <= 0) {
      return latest;
    }
    List<String> reasons = new ArrayList<>(latest.notReady());
    reasons.add("nobody could look at the job for " + seconds(blind));
    return new Health(latest.job(), latest.state(), latest.hopeless(), reasons);
  }

  /** Looks once. */
  synchronized void look() {
    State before = seen.state();
    try {
      seen = job.observe();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    } catch (Exception e) {
      LOG.debug("Flink gives no answer", e);
    }
    long now = nanoTime.getAsLong();
    age.step(Duration.ofNanos(now - lookedAt), seen.completed(), !kafkaAway);
    lookedAt = now;
    late = age.counted().plus(age.withoutKafka()).compareTo(tolerance.lately(seen.last())) > 0;
    if (age.counted().compareTo(tolerance.tolerableAge()) > 0) {
      giveUp(new UserException(tooOld()));
    }
    judge();
    if (seen.state() != before) {
      Future<?> unused = threads.submit(this::write);
    }
  }

  /** Ends the job, as failed, unless that was done before. */
  public synchronized void giveUp(UserException why) {
    if (givenUp.isEmpty()) {
      givenUp = Optional.of(why);
      judge();
      job.giveUp(why);
    }
  }

  private void judge() {
    List<String> hopeless = new ArrayList<>();
    givenUp.ifPresent(why -> hopeless.add(why.getMessage()));
    if (seen.state().isFinal()) {
      hopeless.add("the job has " + ended());
    }
    List<String> notReady = new ArrayList<>();
    if (stopping && !seen.state().isFinal()) {
      notReady.add("the job stops");
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
    health = new Health(facts.job(), state(), hopeless, notReady);
  }

  private String ended() {
    return seen.state() == State.FAILED
        ? "failed" + seen.cause().map(cause -> ": " + cause).orElse("")
        : "ended";
  }

  private String subtasks() {
    int all = seen.notRunning().size();
    String named = String.join(", ", seen.notRunning().subList(0, Math.min(NAMED, all)));
    return all <= NAMED ? named : "%s and %d more".formatted(named, all - NAMED);
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
            : " (besides %s without Kafka)".formatted(seconds(age.withoutKafka()));
    return "no checkpoint has completed for %s%s, and checkpoint.tolerable-age is %s%s%s; it ends so that it can be started again, and resumes then from its last checkpoint"
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
    if (givenUp.isPresent()) {
      return State.FAILED;
    }
    return stopping && !seen.state().isFinal() ? State.STOPPING : seen.state();
  }

  private Optional<String> cause() {
    return givenUp.map(UserException::getMessage).or(seen::cause);
  }

  /** Writes the job's status. */
  void write() {
    file.write(facts.status(seen.in(state(), cause()), Optional.empty(), clock.instant()));
  }

  /** Asks Kafka once, if a checkpoint is late. */
  void askKafka() {
    kafkaAway = late && !kafkaAnswers.getAsBoolean();
  }

  /** A stop has begun. */
  public void stopping() {
    stopping = true;
  }

  /** The stop ran to its end, with this savepoint. */
  public void stoppedWith(String written) {
    savepoint = Optional.of(written);
  }

  /** What the next start resumes from: this one's newest snapshot, else what it began with. */
  public Optional<String> remains() {
    return savepoint
        .or(() -> seen.last().flatMap(JobStatus.Checkpoint::location))
        .or(facts::resumedFrom);
  }

  /** Looks a last time, and writes how the job ended. Before its cluster is closed. */
  @Override
  public void close() {
    if (threads.isShutdown()) {
      return;
    }
    look();
    try {
      threads.submit(this::writeEnd).get(LAST_WRITE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("The end of job {} is not in its status: {}", facts.job(), e.toString());
    }
    threads.shutdownNow();
  }

  private void writeEnd() {
    boolean failed = givenUp.isPresent() || seen.state() == State.FAILED;
    Instant now = clock.instant();
    JobStatus.End end =
        new JobStatus.End(now, savepoint, savepoint.isPresent() ? Optional.empty() : remains());
    Observation last =
        seen.in(failed ? State.FAILED : State.STOPPED, failed ? cause() : Optional.empty());
    file.writeLast(facts.status(last, Optional.of(end), now));
  }
}
