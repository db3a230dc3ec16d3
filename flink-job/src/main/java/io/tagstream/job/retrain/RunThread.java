package io.tagstream.job.retrain;

import io.tagstream.job.threads.PatientWait;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.model.store.Verdict;
import io.tagstream.trainingstore.RetrainRun;
import io.tagstream.trainingstore.RunOutcome;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt of a run on its own thread: it trains, publishes and reports the ending. Anything
 * thrown, errors included, makes the attempt fail and nothing else. If a version that it needs is
 * damaged, the attempt is blocked, which is not a failure.
 */
final class RunThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunThread.class);

  /** How an attempt ended. */
  sealed interface Ending {}

  /**
   * The run is over.
   *
   * @param verdict on its version, if it has one
   */
  record Over(RunOutcome outcome, Optional<Verdict> verdict) implements Ending {}

  /**
   * The attempt failed.
   *
   * @param attempt its number
   * @param last the outcome of the run, if this was its last attempt
   */
  record Failed(int attempt, Throwable cause, Optional<Over> last) implements Ending {}

  /**
   * A version that the run needs is damaged; the attempt does not count as failed.
   *
   * @param attempt its number, which the next attempt reuses
   * @param damage what is wrong, and how to repair it
   */
  record Blocked(int attempt, String damage) implements Ending {}

  private final RetrainRun run;
  private final RunLedger ledger;
  private final Training training;
  private final ModelVersions models;
  private final Publication publication;
  private final int attempts;
  private final Consumer<Ending> then;
  private final Thread thread;
  private volatile boolean cancelled;
  private volatile int attempt;
  private volatile Optional<RetrainStatus.Progress> progress = Optional.empty();

  /** Used by this thread alone. */
  private Optional<Verdict> judged = Optional.empty();

  /**
   * @param attempt the lowest number that it can have
   * @param attempts the number of attempts after which the run is abandoned
   * @param then receives the ending on this thread, unless the attempt is cancelled
   */
  RunThread(
      RetrainRun run,
      RunLedger ledger,
      Training training,
      ModelVersions models,
      Publication publication,
      int attempt,
      int attempts,
      ClassLoader classLoader,
      Consumer<Ending> then) {
    this.run = run;
    this.ledger = ledger;
    this.training = training;
    this.models = models;
    this.publication = publication;
    this.attempt = attempt;
    this.attempts = attempts;
    this.then = then;
    thread = new Thread(this::execute, "training " + run.version());
    thread.setDaemon(true);
    // Native libraries and services are loaded through it.
    thread.setContextClassLoader(classLoader);
  }

  void start() {
    thread.start();
  }

  RetrainRun run() {
    return run;
  }

  int attempt() {
    return attempt;
  }

  /** Empty before the first step. */
  Optional<RetrainStatus.Progress> progress() {
    return progress;
  }

  private void execute() {
    Ending ending;
    try {
      ending = tryOnce();
    } catch (CancellationException e) {
      LOG.info(
          "The training of {} was cancelled; it resumes from its last checkpoint", run.version());
      return;
    } catch (Throwable e) {
      ending = failed(e);
    }
    then.accept(ending);
  }

  private Ending tryOnce() throws Exception {
    // Checked first: even if the process died in each attempt, a version that exists is valid and
    // may be live.
    judged = training.judged(run);
    if (judged.isEmpty()) {
      try {
        judged = Optional.of(train());
      } catch (DamagedModelException e) {
        return blocked(e.getMessage());
      }
    }
    RunOutcome outcome = publication.publish(run.version(), judged.get());
    prune();
    return new Over(outcome, judged);
  }

  private Verdict train() throws Exception {
    requireWhole();
    int number = ledger.attempt(run.version());
    attempt = Math.max(attempt, number);
    if (attempt > attempts) {
      throw new IllegalStateException(
          "its process died in each of %d attempts".formatted(attempts));
    }
    LOG.info("Training {}, attempt {}: {}", run.version(), attempt, run.reason());
    try {
      Verdict verdict = training.train(run, step -> progress = Optional.of(step), () -> cancelled);
      LOG.info("{} is judged: {}, {}", run.version(), verdict.outcome().word(), verdict.reason());
      return verdict;
    } catch (CancellationException e) {
      discardAttempt(number);
      throw e;
    } catch (Throwable e) {
      try {
        requireWhole();
      } catch (DamagedModelException damaged) {
        discardAttempt(number);
        throw damaged;
      }
      throw e;
    }
  }

  /** Checks the run's parent, and the live version, which the candidate is compared with. */
  private void requireWhole() throws DamagedModelException {
    Optional<String> damage = models.damageIn(run.parent()).or(models::damage);
    if (damage.isEmpty() && !models.live().equals(run.parent())) {
      damage = models.damageIn(models.live());
    }
    if (damage.isPresent()) {
      throw new DamagedModelException(damage.get());
    }
  }

  /**
   * Ends the run if its damaged parent is no longer live: the next run starts from another version.
   */
  private Ending blocked(String damage) throws IOException {
    boolean another = models.damage().isEmpty() && !models.live().equals(run.parent());
    if (another && models.damageIn(run.parent()).isPresent()) {
      ledger.releaseLabels(run.version());
      return new Over(publication.withoutParent(run.version(), run.parent()), Optional.empty());
    }
    return new Blocked(attempt, damage);
  }

  private Ending failed(Throwable cause) {
    if (attempt < attempts) {
      return new Failed(attempt, cause, Optional.empty());
    }
    try {
      RunOutcome outcome =
          publication.abandon(run.version(), judged, Math.min(attempt, attempts), cause);
      return new Failed(attempt, cause, Optional.of(new Over(outcome, judged)));
    } catch (RuntimeException e) {
      // The stores cannot be read now, so whether the version went live is decided later.
      LOG.warn("The run for {} cannot be abandoned yet: {}", run.version(), e.toString());
      return new Failed(attempt, cause, Optional.empty());
    }
  }

  /** A failure to delete old versions does not fail the attempt. */
  private void prune() {
    try {
      List<String> deleted = models.prune();
      if (!deleted.isEmpty()) {
        LOG.info("Deleted models {}", deleted);
      }
    } catch (Throwable e) {
      LOG.warn("Could not delete old models", e);
    }
  }

  private void discardAttempt(int number) {
    try {
      ledger.cancelled(run.version(), number);
    } catch (IOException | RuntimeException e) {
      LOG.warn("The cancelled attempt of {} will count as failed", run.version(), e);
    }
  }

  /**
   * Cancels the attempt and waits for its thread. An interrupt does not end the wait, otherwise an
   * unobserved thread would continue to use native memory.
   */
  @Override
  public void close() {
    cancelled = true;
    PatientWait.forEnd(thread);
  }
}
