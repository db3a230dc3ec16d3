package io.tagstream.job.retrain;

import io.tagstream.job.PatientWait;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.model.store.Verdict;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt of a run on a thread of its own: it trains, publishes and says what became of it.
 * What it throws, errors too, is an attempt that failed, and nothing else.
 */
final class RunThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunThread.class);

  /** What became of an attempt. */
  sealed interface Ending {}

  /** The version is in the store, and live if it was to be. */
  record Published(Outcome outcome, Verdict verdict) implements Ending {}

  /**
   * The attempt failed, and another one may do better.
   *
   * @param attempt its number
   */
  record Failed(int attempt, Throwable cause) implements Ending {}

  /**
   * The last attempt failed.
   *
   * @param attempt its number
   * @param verdict on the version, if it is there
   */
  record GivenUp(int attempt, Throwable cause, Outcome outcome, Optional<Verdict> verdict)
      implements Ending {}

  private final Run run;
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

  /**
   * @param attempt its number, as far as the caller knows
   * @param attempts after which a run is given up
   * @param then hears the end on this thread, unless the attempt is cancelled
   */
  RunThread(
      Run run,
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

  Run run() {
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
    }
    then.accept(ending);
  }

  private Ending tryOnce() {
    Optional<Verdict> judged = Optional.empty();
    try {
      // First: attempts that took their process with them say nothing against a version that is
      // there, and may be live.
      judged = training.judged(run);
      Verdict verdict = judged.isPresent() ? judged.get() : train();
      judged = Optional.of(verdict);
      Outcome outcome = publication.publish(run.version(), verdict);
      prune();
      return new Published(outcome, verdict);
    } catch (CancellationException e) {
      throw e;
    } catch (Throwable e) {
      return failed(judged, e);
    }
  }

  private Verdict train() throws Exception {
    int number = ledger.attempt(run.version());
    attempt = Math.max(attempt, number);
    if (attempt > attempts) {
      throw new IllegalStateException(
          "its process died in each of %d attempts".formatted(attempts));
    }
    LOG.info("Training {}, attempt {}: {}", run.version(), attempt, run.cause().text());
    try {
      Verdict verdict = training.train(run, step -> progress = Optional.of(step), () -> cancelled);
      LOG.info("{} is judged: {}, {}", run.version(), verdict.outcome().word(), verdict.reason());
      return verdict;
    } catch (CancellationException e) {
      takeBack(number);
      throw e;
    }
  }

  private Ending failed(Optional<Verdict> judged, Throwable cause) {
    if (attempt < attempts) {
      return new Failed(attempt, cause);
    }
    try {
      Outcome outcome =
          publication.giveUp(run.version(), judged, Math.min(attempt, attempts), cause);
      return new GivenUp(attempt, cause, outcome, judged);
    } catch (RuntimeException e) {
      // Whether it went live cannot be told now, and will be.
      LOG.warn("The run for {} cannot be given up yet: {}", run.version(), e.toString());
      return new Failed(attempt, cause);
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
