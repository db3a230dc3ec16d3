package io.tagstream.job.retrain;

import io.tagstream.job.flow.LabelSignal;
import io.tagstream.job.flow.LabelledAnswer;
import io.tagstream.job.flow.ModelNews;
import io.tagstream.job.flow.RetrainRequest;
import io.tagstream.job.metrics.JobMetrics;
import io.tagstream.job.threads.PatientWait;
import io.tagstream.model.LastingState;
import io.tagstream.model.store.LiveChange;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.model.store.Verdict;
import io.tagstream.schemas.LabelOrigin;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.RetrainSettings;
import io.tagstream.trainingstore.RetrainRun;
import io.tagstream.trainingstore.RunOutcome;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.stream.Collectors;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.function.ThrowingRunnable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts runs, one at a time, and announces their outcomes. First input: predictions of labelled
 * images, and how many labels wait for their images; second input: requests. Its parallelism is
 * one.
 *
 * <p>Three threads: the task's, which decides; one that reads the stores, whose files may be slow
 * to list; and one per attempt of a run, which trains. The other two report to the task's thread by
 * mails, so they never block a checkpoint. Their failures do not fail the job.
 *
 * <p><b>Exactly once over crashes.</b> A run goes through manifest, bundle, promotion,
 * announcement, outcome, in this order. The manifest names the run's version, the requests it
 * answers and the files it trains on, and is written only while no other run is unfinished. The
 * sink commits the announcement with the checkpoint; the same checkpoint stores that the run was
 * announced; the outcome is written once that checkpoint is complete. So after a crash
 *
 * <ul>
 *   <li><b>before the manifest</b> nothing has happened. The labels still count as new; requests,
 *       and the predictions that showed a fall, are in the state or are read again from Kafka: the
 *       trigger fires again.
 *   <li><b>after the manifest</b> the run is found unfinished and resumes under its name. The state
 *       may be older than the manifest: the run's labels no longer count as new, because they are
 *       counted from the store; requests that a manifest names are dropped; a fall counts only with
 *       labels newer than those recorded in the manifest.
 *   <li><b>after the bundle</b> the version is found and only published, regardless of the number
 *       of attempts.
 *   <li><b>after the promotion</b> {@link Publication} finds it done.
 *   <li><b>after the announcement</b>, before its checkpoint is complete: the transaction is
 *       aborted and the state does not contain the announcement. The run is unfinished and is
 *       announced again.
 *   <li><b>after that checkpoint</b>, before the outcome: the transaction is committed, the state
 *       records it, and only the outcome is written.
 *   <li><b>after the outcome</b> the run is over; an announcement still in the state is dropped.
 * </ul>
 *
 * <p>A start without state ({@code --fresh}) can announce a run twice if the earlier job crashed
 * between the checkpoint and the outcome; readers must tolerate repeated announcements anyway.
 */
public final class RetrainOperator extends AbstractStreamOperator<ModelNews>
    implements TwoInputStreamOperator<LabelSignal, RetrainRequest, ModelNews> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(RetrainOperator.class);

  /**
   * Requests stay on their topic indefinitely; a job that reads the topic for the first time
   * answers only those that a user may still wait for.
   */
  private static final Duration REQUESTS_VALID = Duration.ofDays(1);

  /** Limits the time between two attempts of a run. */
  private static final Duration LONGEST_WAIT = Duration.ofDays(1);

  /** More doublings would overflow; {@link #LONGEST_WAIT} is reached before. */
  private static final int MAX_DOUBLINGS = 30;

  /** The state of the present run. */
  private enum Phase {
    /** The ledger must be read, or read again. */
    UNKNOWN,
    /** No run is unfinished. */
    IDLE,
    /** A manifest is being written. */
    BEGINNING,
    /** An attempt is in progress, or the next one is delayed after a failure. */
    TRAINING,
    /** The run is announced; the checkpoint with the announcement is not complete. */
    ANNOUNCED,
    /** The outcome must be written. */
    ENDING
  }

  /**
   * A version's accuracy on the held-out images as an incumbent, measured later than in its own
   * run.
   */
  public record Measured(String version, double top1) {}

  /** All runs, and the one of them that has no outcome. */
  private record KnownRuns(List<RetrainRun> all, Optional<RetrainRun> unfinished) {}

  /**
   * What the stores' thread read.
   *
   * @param live empty if it is damaged or cannot be read
   * @param damage what a quick check found wrong with the live version
   * @param runs empty if they were not read
   */
  private record StoreView(
      StoreCounts counts,
      String live,
      Optional<String> damage,
      Optional<Double> heldOutTop1,
      Optional<KnownRuns> runs) {}

  /**
   * The live version was read as a whole and is damaged.
   *
   * @param pause until the version is read again
   */
  private record Damaged(String version, Pause pause) {}

  private final RetrainSettings settings;
  private final String by;
  private final RunLedger ledger;
  private final ModelVersions models;
  private final Training training;

  private transient MailboxExecutor mailbox;
  private transient Trigger trigger;
  private transient LiveAccuracy accuracy;
  private transient ExecutorService stores;

  /** Actions that failed the last time, by name; used by the stores' thread alone. */
  private transient Map<String, LastingState> troubles;

  private transient JobMetrics.Retraining reported;

  /** A reading of the stores is in progress; no second one starts meanwhile. */
  private transient boolean readingStores;

  /** The inputs have ended. */
  private transient boolean finished;

  private transient Phase phase;

  /** The attempt in progress. */
  private transient Optional<RunThread> thread;

  private transient int failedAttempts;

  /** The pause before the next attempt. */
  private transient Optional<Pause> pause;

  /** What is wrong with the live version; no run starts meanwhile. */
  private transient Optional<String> damage;

  private transient Optional<Damaged> damaged;
  private transient LastingState noRunStarts;
  private transient LastingState runWaits;

  /** The present run, from its manifest to its outcome. */
  private transient Optional<RetrainRun> run;

  /** The announced outcome, kept in the state until it is written. */
  private transient Optional<RunOutcome> announced;

  /** The first checkpoint that contains {@link #announced} and {@link #announcedLive}. */
  private transient OptionalLong announcedIn;

  /** Expired requests are read again at each start; only the first is logged. */
  private transient boolean expiredRequestLogged;

  /** The version that the job's last announcement on the topic calls live. */
  private transient Optional<String> announcedLive;

  private transient Arrivals arrivals;
  private transient WaitingRequests requests;
  private transient Set<String> answeredRequests;
  private transient Map<String, Double> measured;
  private transient StoreCounts counts;
  private transient String live;
  private transient Optional<Double> heldOutTop1;
  private transient Optional<RetrainStatus.Ended> last;
  private transient Optional<Long> labelsWaiting;

  private transient ListState<Outcome> savedAnnounced;
  private transient ListState<Arrivals> savedArrivals;
  private transient ListState<RetrainRequest> savedRequests;
  private transient ListState<Measured> savedMeasured;
  private transient ListState<LiveAccuracy.SavedWindow> savedWindows;
  private transient ListState<LiveAccuracy.SavedArming> savedArming;

  /**
   * @param by who promotes: the job
   */
  public RetrainOperator(
      RetrainSettings settings,
      String by,
      RunLedger ledger,
      ModelVersions models,
      Training training) {
    this.settings = settings;
    this.by = by;
    this.ledger = ledger;
    this.models = models;
    this.training = training;
  }

  @Override
  public void setMailboxExecutor(MailboxExecutor mailboxExecutor) {
    super.setMailboxExecutor(mailboxExecutor);
    mailbox = mailboxExecutor;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    accuracy = new LiveAccuracy(settings);
    arrivals = Arrivals.NONE;
    requests = new WaitingRequests();
    measured = new HashMap<>();
    announced = Optional.empty();
    announcedIn = OptionalLong.empty();
    announcedLive = Optional.empty();
    savedAnnounced = list(context, "announced", Outcome.class);
    savedArrivals = list(context, "arrivals", Arrivals.class);
    savedRequests = list(context, "requests", RetrainRequest.class);
    savedMeasured = list(context, "measured", Measured.class);
    savedWindows = list(context, "accuracy", LiveAccuracy.SavedWindow.class);
    savedArming = list(context, "accuracy-arming", LiveAccuracy.SavedArming.class);
    if (context.isRestored()) {
      announced = only(savedAnnounced).map(Outcome::restored);
      // The checkpoint that this start resumed from is complete.
      announcedIn = announced.isPresent() ? OptionalLong.of(0) : OptionalLong.empty();
      announcedLive = announced.flatMap(RetrainOperator::liveAfter);
      arrivals = only(savedArrivals).orElse(Arrivals.NONE);
      savedRequests.get().forEach(requests::add);
      savedMeasured.get().forEach(one -> measured.put(one.version(), one.top1()));
      List<LiveAccuracy.SavedWindow> windows = new ArrayList<>();
      savedWindows.get().forEach(windows::add);
      accuracy.restore(windows, only(savedArming));
    }
  }

  private static <T> ListState<T> list(
      StateInitializationContext context, String name, Class<T> type) throws Exception {
    return context
        .getOperatorStateStore()
        .getListState(new ListStateDescriptor<>(name, TypeInformation.of(type)));
  }

  private static <T> Optional<T> only(ListState<T> state) throws Exception {
    for (T value : state.get()) {
      return Optional.of(value);
    }
    return Optional.empty();
  }

  @Override
  public void open() throws Exception {
    super.open();
    trigger = new Trigger(settings);
    phase = Phase.UNKNOWN;
    thread = Optional.empty();
    run = Optional.empty();
    answeredRequests = new HashSet<>();
    counts = StoreCounts.NONE;
    live = "";
    heldOutTop1 = Optional.empty();
    last = Optional.empty();
    labelsWaiting = Optional.empty();
    pause = Optional.empty();
    damage = Optional.empty();
    damaged = Optional.empty();
    noRunStarts = new LastingState(LOG::warn, "No run starts");
    runWaits = new LastingState(LOG::warn, "A run waits");
    troubles = new HashMap<>();
    stores =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread created = new Thread(task, "training store");
              created.setDaemon(true);
              created.setContextClassLoader(getUserCodeClassloader());
              return created;
            });
    reported = new JobMetrics.Retraining(getMetricGroup());
    scheduleTick(Duration.ZERO);
  }

  private Instant now() {
    return Instant.ofEpochMilli(getProcessingTimeService().getCurrentProcessingTime());
  }

  private void scheduleTick(Duration wait) {
    // Flink cancels pending timers with the task, and fails the task if a callback throws.
    ScheduledFuture<?> unused =
        getProcessingTimeService()
            .registerTimer(now().plus(wait).toEpochMilli(), time -> onTimer());
  }

  private void onTimer() {
    scheduleTick(settings.lookEvery());
    if (phase == Phase.ENDING) {
      writeOutcome();
    }
    pause = pause.map(present -> present.seen(now()));
    if (phase == Phase.TRAINING
        && thread.isEmpty()
        && pause.filter(present -> present.lasts(now())).isEmpty()) {
      attempt();
    }
    if (!readingStores) {
      readingStores = true;
      boolean readRuns = phase == Phase.UNKNOWN;
      // An attempt pins the parent itself; between two attempts it must be pinned here.
      Set<String> parents = run.map(RetrainRun::parent).stream().collect(Collectors.toSet());
      inStores(
          "read its stores",
          () -> {
            StoreView view = readStores(readRuns, parents);
            mail("the stores were read", () -> storesRead(view));
          },
          () -> readingStores = false);
    }
  }

  /**
   * Runs an action on the stores' thread.
   *
   * @param otherwise runs on the task's thread if the action failed
   */
  private void inStores(
      String what, ThrowingRunnable<Exception> action, ThrowingRunnable<Exception> otherwise) {
    stores.execute(
        () -> {
          LastingState trouble =
              troubles.computeIfAbsent(
                  what,
                  first ->
                      new LastingState(
                          LOG::warn, "Retraining cannot %s and tries again".formatted(what)));
          try {
            action.run();
            trouble.isOver();
          } catch (Throwable e) {
            // Errors too: otherwise the task would wait for this thread's result indefinitely.
            boolean unused = trouble.lasts(e.toString(), e);
            mail("failed to " + what, otherwise);
          }
        });
  }

  /** Runs an action on the task's thread, unless the task has ended. */
  private void mail(String what, ThrowingRunnable<Exception> action) {
    try {
      mailbox.execute(action, what);
    } catch (RejectedExecutionException e) {
      LOG.debug("The task ended before: {}", what);
    }
  }

  private StoreView readStores(boolean readRuns, Set<String> parents) throws IOException {
    models.hold(parents);
    Optional<KnownRuns> runs =
        readRuns
            ? Optional.of(new KnownRuns(ledger.runs(), ledger.unfinished()))
            : Optional.empty();
    Optional<String> wrong = models.damage();
    if (wrong.isPresent()) {
      // Without the live version's labels, new classes are unknown; the labels are counted and
      // wait.
      StoreCounts all = ledger.counts(List.of());
      StoreCounts known = new StoreCounts(all.newLabels(), all.rows(), all.heldOut(), List.of());
      return new StoreView(known, "", wrong, Optional.empty(), runs);
    }
    String version = models.live();
    return new StoreView(
        ledger.counts(models.labels(version)),
        version,
        Optional.empty(),
        models.heldOutTop1(version),
        runs);
  }

  private void storesRead(StoreView view) {
    readingStores = false;
    counts = view.counts();
    live = view.live();
    noteDamage(view.damage());
    heldOutTop1 = view.heldOutTop1();
    arrivals = arrivals.seen(counts.newLabels(), now());
    accuracy.notAfter(now());
    if (phase == Phase.UNKNOWN) {
      view.runs().ifPresent(this::takeUp);
    }
    if (phase == Phase.IDLE && mayBegin(view.damage())) {
      Optional<LiveAccuracy.Fall> fall =
          accuracy.fall(live, Optional.ofNullable(measured.get(live)).or(() -> heldOutTop1));
      trigger
          .fires(counts, arrivals, fall, requests.all(), now())
          .ifPresent(start -> begin(start, fall.isPresent()));
    }
    show();
  }

  private void noteDamage(Optional<String> seen) {
    damaged =
        damaged
            .filter(known -> seen.isEmpty() && known.version().equals(live))
            .map(known -> new Damaged(known.version(), known.pause().seen(now())));
    damage = seen.or(() -> damaged.map(known -> known.pause().reason()));
    damage.ifPresentOrElse(
        wrong -> {
          boolean unused = noRunStarts.lasts(wrong, null);
        },
        noRunStarts::isOver);
  }

  /** A version that was read and found damaged is not read again before its pause is over. */
  private boolean mayBegin(Optional<String> seen) {
    return seen.isEmpty() && damaged.filter(known -> known.pause().lasts(now())).isEmpty();
  }

  /** Restores the phase from the manifests. */
  private void takeUp(KnownRuns runs) {
    runs.all()
        .forEach(
            known -> {
              answeredRequests.addAll(known.requests());
              known.fallSeenUpTo().ifPresent(accuracy::disarm);
            });
    requests.removeAll(answeredRequests);
    run = runs.unfinished();
    boolean wasAnnounced =
        run.isPresent() && announced.map(RunOutcome::version).equals(run.map(RetrainRun::version));
    if (wasAnnounced) {
      phase = Phase.ENDING;
      writeOutcome();
      return;
    }
    announced = Optional.empty();
    if (run.isPresent()) {
      LOG.info("Resuming the run for {}", run.get().version());
      phase = Phase.TRAINING;
      attempt();
    } else {
      phase = Phase.IDLE;
    }
  }

  private void begin(Trigger.Start start, boolean fallen) {
    phase = Phase.BEGINNING;
    List<String> ids = requests.all().stream().map(RetrainRequest::id).toList();
    Optional<Instant> fallSeenUpTo =
        fallen ? Optional.of(accuracy.newestLabel()) : Optional.empty();
    Instant started = now();
    inStores(
        "begin a run",
        () -> {
          String parent = models.live();
          // Checked before the manifest is written: from then on its labels are no longer new.
          Optional<String> wrong = models.damageIn(parent);
          if (wrong.isPresent()) {
            mail("the live version is damaged", () -> cannotBegin(parent, wrong.get()));
            return;
          }
          RetrainRun begun =
              new RetrainRun(
                  models.newVersion(),
                  parent,
                  started,
                  start.cause(),
                  start.reason(),
                  ids,
                  fallSeenUpTo);
          ledger.begin(begun, models.versions());
          mail("a run begins", () -> begun(begun));
        },
        // The manifest may have been written nevertheless.
        () -> phase = Phase.UNKNOWN);
  }

  private void cannotBegin(String parent, String wrong) {
    phase = Phase.IDLE;
    damaged = Optional.of(new Damaged(parent, Pause.of(settings.retryAfter(), wrong, now())));
    noteDamage(Optional.empty());
    show();
  }

  private void begun(RetrainRun begun) {
    reported.started();
    damaged = Optional.empty();
    run = Optional.of(begun);
    answeredRequests.addAll(begun.requests());
    requests.removeAll(answeredRequests);
    begun.fallSeenUpTo().ifPresent(accuracy::disarm);
    phase = Phase.TRAINING;
    attempt();
  }

  private void attempt() {
    pause = Optional.empty();
    RunThread started =
        new RunThread(
            run.orElseThrow(),
            ledger,
            training,
            models,
            new Publication(models, by, Clock.systemUTC()),
            failedAttempts + 1,
            settings.attempts(),
            getUserCodeClassloader(),
            ending -> mail("a run ends", () -> ended(ending)));
    thread = Optional.of(started);
    started.start();
  }

  private void ended(RunThread.Ending ending) {
    thread = Optional.empty();
    if (finished) {
      // Nothing may be emitted any more. The run stays unfinished and resumes at the next start.
      return;
    }
    if (ending instanceof RunThread.Over over) {
      runWaits.isOver();
      end(over);
    } else if (ending instanceof RunThread.Failed failed) {
      runWaits.isOver();
      noteFailure(failed.attempt(), failed.cause());
      failed
          .last()
          .ifPresentOrElse(
              this::end,
              () ->
                  pause =
                      Optional.of(
                          Pause.of(
                              wait(failed.attempt()),
                              "attempt %d failed: %s"
                                  .formatted(failed.attempt(), Publication.text(failed.cause())),
                              now())));
    } else if (ending instanceof RunThread.Blocked blocked) {
      failedAttempts = blocked.attempt() - 1;
      pause = Optional.of(Pause.of(settings.retryAfter(), blocked.damage(), now()));
      boolean unused = runWaits.lasts(blocked.damage(), null);
    }
    show();
  }

  private void end(RunThread.Over over) {
    over.verdict()
        // An accuracy on few images is no reliable expectation.
        .filter(verdict -> verdict.heldOut() >= settings.minHeldOut())
        .flatMap(Verdict::incumbent)
        .ifPresent(before -> measured.put(before.version(), before.scores().top1()));
    announce(over.outcome(), over.verdict());
  }

  private void noteFailure(int attempt, Throwable cause) {
    reported.failed();
    failedAttempts = attempt;
    LOG.error(
        "Attempt {} of {} to train {} failed: {}",
        attempt,
        settings.attempts(),
        run.orElseThrow().version(),
        cause.toString(),
        cause);
  }

  /** The pause after a failed attempt; it doubles with each failure. */
  private Duration wait(int failed) {
    int doublings = Math.min(failed, settings.attempts()) - 1;
    Duration wait = settings.retryAfter().multipliedBy(1L << Math.min(doublings, MAX_DOUBLINGS));
    return wait.compareTo(LONGEST_WAIT) < 0 ? wait : LONGEST_WAIT;
  }

  private void announce(RunOutcome outcome, Optional<Verdict> verdict) {
    if (outcome.status() == ModelStatus.PROMOTED) {
      emit(outcome, ModelStatus.CANDIDATE, verdict);
    }
    emit(outcome, outcome.status(), verdict);
    reported.ended(outcome.status());
    announced = Optional.of(outcome);
    announcedIn = OptionalLong.empty();
    announcedLive = liveAfter(outcome);
    phase = Phase.ANNOUNCED;
  }

  private static Optional<String> liveAfter(RunOutcome outcome) {
    return outcome.status() == ModelStatus.PROMOTED
        ? Optional.of(outcome.version())
        : Optional.empty();
  }

  /**
   * Announces a change of the live version that happened before the promotion was announced;
   * otherwise the topic's last announcement would name the wrong version.
   */
  private void announceLater(LiveChange later) {
    if (phase != Phase.ENDING) {
      return;
    }
    output.collect(
        new StreamRecord<>(
            new ModelNews(
                later.action() == LiveChange.Action.ROLLED_BACK
                    ? ModelStatus.ROLLED_BACK
                    : ModelStatus.PROMOTED,
                later.version(),
                later.by(),
                "it went live before %s was announced".formatted(announced.orElseThrow().version()),
                later.time(),
                null)));
    announcedLive = Optional.of(later.version());
    announcedIn = OptionalLong.empty();
    phase = Phase.ANNOUNCED;
  }

  private void emit(RunOutcome outcome, ModelStatus status, Optional<Verdict> verdict) {
    output.collect(
        new StreamRecord<>(
            new ModelNews(
                status,
                outcome.version(),
                by,
                outcome.reason(),
                outcome.at(),
                verdict.map(ModelNews.Judgement::of).orElse(null))));
  }

  private void writeOutcome() {
    RunOutcome outcome = announced.orElseThrow();
    Optional<String> announcedVersion = announcedLive;
    inStores(
        "end a run",
        () -> {
          Optional<LiveChange> later =
              announcedVersion.isPresent()
                  ? models
                      .lastChange()
                      .filter(last -> !last.version().equals(announcedVersion.get()))
                  : Optional.empty();
          if (later.isPresent()) {
            mail("another version is live", () -> announceLater(later.get()));
            return;
          }
          ledger.end(outcome);
          forget(outcome.version());
          mail("a run is over", () -> over(outcome));
        },
        // Repeated at the next tick: the disk may be full, and no other run begins meanwhile.
        () -> {});
  }

  /**
   * Deletes the checkpoint, about a gigabyte, that an abandoned run leaves. A failure to do so does
   * not delay the outcome.
   */
  private void forget(String version) {
    try {
      models.forget(version);
    } catch (RuntimeException e) {
      LOG.warn("Could not delete the files that the training of {} left", version, e);
    }
  }

  private void over(RunOutcome outcome) {
    if (phase != Phase.ENDING) {
      // Two ticks sent two mails.
      return;
    }
    LOG.info("{} is {}: {}", outcome.version(), outcome.status().word(), outcome.reason());
    last =
        Optional.of(
            new RetrainStatus.Ended(
                outcome.version(), outcome.status().word(), outcome.reason(), outcome.at()));
    announced = Optional.empty();
    run = Optional.empty();
    failedAttempts = 0;
    phase = Phase.UNKNOWN;
  }

  @Override
  public void processElement1(StreamRecord<LabelSignal> element) {
    LabelSignal signal = element.getValue();
    if (signal.answer() == null) {
      labelsWaiting = Optional.of(signal.waiting());
      return;
    }
    LabelledAnswer answer = signal.answer();
    // Other labels were selected because of the prediction, which would bias the estimate.
    if (answer.origin().equals(LabelOrigin.PRODUCER.word())
        || answer.origin().equals(LabelOrigin.RANDOM.word())) {
      accuracy.count(
          answer.modelVersion(),
          answer.label().equalsIgnoreCase(answer.answer()),
          answer.labelledAt());
    }
  }

  @Override
  public void processElement2(StreamRecord<RetrainRequest> element) {
    RetrainRequest request = element.getValue();
    if (answeredRequests.contains(request.id())) {
      LOG.debug("Passed over: {}", request);
      return;
    }
    Duration age = Duration.between(request.at(), now());
    if (age.compareTo(REQUESTS_VALID) > 0) {
      if (!expiredRequestLogged) {
        expiredRequestLogged = true;
        LOG.info(
            "Ignored a request for a run by {}: it is {} old, and requests expire after {}; further"
                + " expired requests are not logged",
            request.by(),
            DurationText.format(Duration.ofMinutes(age.toMinutes())),
            DurationText.format(REQUESTS_VALID));
      }
      return;
    }
    if (!requests.add(request)) {
      LOG.debug("Passed over: {}", request);
      return;
    }
    LOG.info("A run is requested: {}", request);
    if (requests.isFull()) {
      LOG.warn(
          "{} requests for a run wait: further ones are ignored, because the next run answers them"
              + " too",
          requests.size());
    }
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    savedAnnounced.update(announced.map(Outcome::of).map(List::of).orElse(List.of()));
    savedArrivals.update(List.of(arrivals));
    savedRequests.update(requests.all());
    List<Measured> scores = new ArrayList<>();
    measured.forEach((version, top1) -> scores.add(new Measured(version, top1)));
    savedMeasured.update(scores);
    savedWindows.update(accuracy.savedWindows());
    savedArming.update(List.of(accuracy.savedArming()));
    if (announced.isPresent() && announcedIn.isEmpty()) {
      announcedIn = OptionalLong.of(context.getCheckpointId());
    }
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    super.notifyCheckpointComplete(checkpointId);
    if (phase == Phase.ANNOUNCED
        && announcedIn.isPresent()
        && checkpointId >= announcedIn.getAsLong()) {
      phase = Phase.ENDING;
      writeOutcome();
    }
  }

  private void show() {
    show(Optional.empty());
  }

  /**
   * Publishes the status to other processes and the metrics.
   *
   * @param stopped when the task ended, if it has ended
   */
  private void show(Optional<Instant> stopped) {
    Map<String, RetrainStatus.Accuracy> scores = new HashMap<>();
    accuracy
        .scores()
        .forEach(
            score ->
                scores.put(
                    score.version(),
                    new RetrainStatus.Accuracy(
                        score.labels(), score.right(), score.recentLabels(), score.recentRight())));
    RetrainStatus status =
        new RetrainStatus(
            now(),
            counts.newLabels(),
            trigger.needed(counts),
            counts.rows(),
            counts.heldOut(),
            settings.minHeldOut(),
            counts.waiting(),
            requests.size(),
            labelsWaiting,
            damage,
            run.map(
                under ->
                    new RetrainStatus.Run(
                        under.version(),
                        under.reason(),
                        under.started(),
                        thread.map(RunThread::attempt).orElse(failedAttempts + 1),
                        thread.flatMap(RunThread::progress),
                        pause.map(
                            present ->
                                new RetrainStatus.Pause(present.until(), present.reason())))),
            last,
            scores,
            stopped);
    reported.show(status, Optional.ofNullable(scores.get(live)));
    inStores("show its status", () -> models.show(status), () -> {});
  }

  @Override
  public void finish() throws Exception {
    finished = true;
    super.finish();
  }

  /**
   * Waits for the attempt in progress, which stops before its next step, and for the stores'
   * thread.
   */
  @Override
  public void close() throws Exception {
    try {
      if (thread != null) {
        thread.ifPresent(RunThread::close);
      }
      if (reported != null && !stores.isShutdown()) {
        // Otherwise the status would keep showing the remaining time of a stopped run.
        show(Optional.of(now()));
      }
      if (stores != null) {
        PatientWait.forEnd(stores);
      }
      models.release();
    } finally {
      super.close();
    }
  }
}
