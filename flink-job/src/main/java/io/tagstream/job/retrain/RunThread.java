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
 * One attempt of a run on a thread of its own: it trains, publishes and says what became of it.
 * What it throws, errors too, is an attempt that failed, and nothing else; that a version which it
 * needs is damaged is not even that.
 */
final class RunThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunThread.class);

  /** What became of an attempt. */
  sealed interface Ending {}

  /**
   * The run is over.
   *
   * @param verdict on its version, if there is one
   */
  record Over(RunOutcome outcome, Optional<Verdict> verdict) implements Ending {}

  /**
   * The attempt failed.
   *
   * @param attempt its number
   * @param last what became of the run, if this was its last attempt
   */
  record Failed(int attempt, Throwable cause, Optional<Over> last) implements Ending {}

  /**
   * A version that the run needs is damaged, which says nothing against the attempt.
   *
   * @param attempt its number, which the next one has too
   * @param damage what is wrong, and what mends it
   */
  record Held(int attempt, String damage) implements Ending {}

  private final RetrainRun run;
  private final RunLedger ledger;
  private final Training training;
  private final Models models;
  private final Publication publication;
  private final int attempts;
  private final Consumer<Ending> then;
  private final Thread thread;
  private volatile boolean cancelled;
  private volatile int attempt;
  private volatile Optional<RetrainStatus.Progress> progress = Optional.empty();

  /** The thread's own. */
  private Optional<Verdict> judged = Optional.empty();

  /**
   * @param attempt its number, as far as the caller knows
   * @param attempts after which a run is given up
   * @param then hears the end on this thread, unless the attempt is cancelled
   */
  RunThread(
      RetrainRun run,
      RunLedger ledger,
      Training training,
      Models models,
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
    thread = new Thread(this::go, "training " + run.version());
    thread.setDaemon(true);
    // Natives and services are found through it.
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

  private void go() {
    Ending ending;
    try {
      ending = tryOnce();
    } catch (CancellationException e) {
      LOG.info("The training of {} stops where it is", run.version());
      return;
    } catch (Throwable e) {
      ending = failed(e);
    }
    then.accept(ending);
  }

  private Ending tryOnce() throws Exception {
    // First: attempts that took their process with them say nothing against a version that is
    // there, and may be live.
    judged = training.judged(run);
    if (judged.isEmpty()) {
      try {
        judged = Optional.of(train());
      } catch (DamagedModelException e) {
        return held(e.getMessage());
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
      takeBack(number);
      throw e;
    } catch (Throwable e) {
      try {
        requireWhole();
      } catch (DamagedModelException damaged) {
        takeBack(number);
        throw damaged;
      }
      throw e;
    }
  }

  /** Of the version that the run goes on from, and of the live one, which it is judged against. */
  private void requireWhole() throws DamagedModelException {
    Optional<String> damage = models.damageIn(run.parent()).or(models::damage);
    if (damage.isEmpty() && !models.live().equals(run.parent())) {
      damage = models.damageIn(models.live());
    }
    if (damage.isPresent()) {
      throw new DamagedModelException(damage.get());
    }
  }

  /** A parent that is no longer live is nobody's to mend: the next run goes on from another one. */
  private Ending held(String damage) throws IOException {
    boolean another = models.damage().isEmpty() && !models.live().equals(run.parent());
    if (another && models.damageIn(run.parent()).isPresent()) {
      ledger.giveBack(run.version());
      return new Over(publication.withoutParent(run.version(), run.parent()), Optional.empty());
    }
    return new Held(attempt, damage);
  }

  private Ending failed(Throwable cause) {
    if (attempt < attempts) {
      return new Failed(attempt, cause, Optional.empty());
    }
    try {
      RunOutcome outcome =
          publication.giveUp(run.version(), judged, Math.min(attempt, attempts), cause);
      return new Failed(attempt, cause, Optional.of(new Over(outcome, judged)));
    } catch (RuntimeException e) {
      // Whether it went live cannot be told now, and will be.
      LOG.warn("The run for {} cannot be given up yet: {}", run.version(), e.toString());
      return new Failed(attempt, cause, Optional.empty());
    }
  }

  /** Too many versions are no reason to repeat a run. */
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

  private void takeBack(int number) {
    try {
      ledger.cancelled(run.version(), number);
    } catch (IOException | RuntimeException e) {
      LOG.warn("The cancelled attempt of {} will count as failed", run.version(), e);
    }
  }

  /**
   * Cancels and waits. An interrupt does not end the wait, or native memory would be used by a
   * thread that nobody knows of.
   */
  @Override
  public void close() {
    cancelled = true;
    PatientWait.forEnd(thread);
  }
}
