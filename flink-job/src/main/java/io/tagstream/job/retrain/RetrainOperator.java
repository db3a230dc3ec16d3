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
 * Starts runs, one at a time, and announces what became of them. First input: answers on labelled
 * images, and how many labels wait for theirs; second: requests. Its parallelism is one.
 *
 * <p>Three threads: the task's, which decides; one that looks at the stores, whose files may be
 * slow to list; and one per attempt of a run, which trains. The other two speak to the task's by
 * mails, so that checkpoints go through whatever they do. Nothing that fails in them fails the job.
 *
 * <p><b>Exactly once over crashes.</b> A run goes through manifest, bundle, promotion,
 * announcement, outcome, in this order. The manifest names the run's version, the requests it
 * answers and the files it learns from, and is made only while no other run is unfinished. The
 * announcement leaves through a sink that commits with the checkpoint; that the run was announced
 * is in the same checkpoint; the outcome is written once that is complete. So after a crash
 *
 * <ul>
 *   <li><b>before the manifest</b> nothing has happened. The labels still count as new, a request
 *       is in the state or comes again from Kafka, and so do the answers that showed a fall: the
 *       trigger fires again.
 *   <li><b>after the manifest</b> the run is found unfinished and goes on under its name. The state
 *       may be older than the manifest: its labels no longer count, because they are counted from
 *       the store; requests that a manifest names are dropped; a fall counts only with labels that
 *       are newer than those the manifest saw it on.
 *   <li><b>after the bundle</b> it is found and only published, however many attempts there were.
 *   <li><b>after the promotion</b> {@link Publication} finds it done.
 *   <li><b>after the announcement</b>, its checkpoint not complete: the transaction is aborted with
 *       it and the state does not know of it. The run is unfinished and is announced again.
 *   <li><b>after that checkpoint</b>, before the outcome: the transaction is committed, the state
 *       says so, and only the outcome is written.
 *   <li><b>after the outcome</b> the run is over; a state that still says announced is told so.
 * </ul>
 *
 * <p>A start without a state ({@code --fresh}) can announce a run twice if it crashed between the
 * checkpoint and the outcome; announcements may be read twice anyway.
 */
public final class RetrainOperator extends AbstractStreamOperator<ModelNews>
    implements TwoInputStreamOperator<LabelSignal, RetrainRequest, ModelNews> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(RetrainOperator.class);

  /**
   * Requests are kept on their topic for ever; a job that reads them all for the first time answers
   * those that somebody may still wait for.
   */
  private static final Duration REQUESTS_VALID = Duration.ofDays(1);

  /** Between two attempts of a run. */
  private static final Duration LONGEST_WAIT = Duration.ofDays(1);

  /** More would overflow, and no wait is as long. */
  private static final int MAX_DOUBLINGS = 30;

  /** Where the runs stand. */
  private enum Phase {
    /** The ledger has not been read, or is to be read again. */
    UNKNOWN,
    /** No run is unfinished. */
    IDLE,
    /** A manifest is being written. */
    BEGINNING,
    /** An attempt is under way, or a failed one waits for the next. */
    TRAINING,
    /** The run is announced, its checkpoint is not complete. */
    ANNOUNCED,
    /** The outcome is to be written. */
    ENDING
  }

  /** How well a version did on the held-out images as an incumbent: later than in its own run. */
  public record Measured(String version, double top1) {}

  /** The runs there were, and the one of them that has no outcome. */
  private record KnownRuns(List<RetrainRun> all, Optional<RetrainRun> unfinished) {}

  /**
   * What the stores' thread saw.
   *
   * @param live empty where nobody can say
   * @param damage what is wrong with the live version at the first glance
   * @param runs if they were looked at
   */
  private record Look(
      Counts counts,
      String live,
      Optional<String> damage,
      Optional<Double> heldOutTop1,
      Optional<KnownRuns> runs) {}

  /**
   * The live version was read as a whole and is damaged.
   *
   * @param pause until it is read again
   */
  private record Damaged(String version, Pause pause) {}

  private final RetrainSettings settings;
  private final String by;
  private final RunLedger ledger;
  private final Models models;
  private final Training training;

  private transient MailboxExecutor mailbox;
  private transient Trigger trigger;
  private transient LiveAccuracy accuracy;
  private transient ExecutorService stores;

  /** The stores' thread's own: what it could not do the last time. */
  private transient Map<String, LastingState> troubles;

  private transient JobMetrics.Retraining reported;

  /** A look is under way; one that takes long is not joined by a second. */
  private transient boolean looking;

  /** The inputs have ended. */
  private transient boolean finished;

  private transient Phase phase;

  /** With an attempt under way. */
  private transient Optional<RunThread> thread;

  private transient int failedAttempts;

  /** Before the next attempt. */
  private transient Optional<Pause> pause;

  /** The live version's, which keeps runs from starting. */
  private transient Optional<String> damage;

  private transient Optional<Damaged> damaged;
  private transient LastingState noRunStarts;
  private transient LastingState runWaits;

  /** From its manifest to its outcome. */
  private transient Optional<RetrainRun> run;

  /** In the state, from the announcement to the outcome. */
  private transient Optional<RunOutcome> announced;

  /** The first checkpoint that has {@link #announced}, and {@link #told}. */
  private transient OptionalLong announcedIn;

  /** Requests that are too old come at each start, as many as the topic has. */
  private transient boolean saidOld;

  /** The version that the job's last word on the topic calls live. */
  private transient Optional<String> told;

  private transient Arrivals arrivals;
  private transient WaitingRequests requests;
  private transient Set<String> answeredRequests;
  private transient Map<String, Double> measured;
  private transient Counts counts;
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
      RetrainSettings settings, String by, RunLedger ledger, Models models, Training training) {
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
    told = Optional.empty();
    savedAnnounced = list(context, "announced", Outcome.class);
    savedArrivals = list(context, "arrivals", Arrivals.class);
    savedRequests = list(context, "requests", RetrainRequest.class);
    savedMeasured = list(context, "measured", Measured.class);
    savedWindows = list(context, "accuracy", LiveAccuracy.SavedWindow.class);
    savedArming = list(context, "accuracy-arming", LiveAccuracy.SavedArming.class);
    if (context.isRestored()) {
      announced = only(savedAnnounced).map(Outcome::restored);
      // Whatever checkpoint this start resumed from is complete.
      announcedIn = announced.isPresent() ? OptionalLong.of(0) : OptionalLong.empty();
      told = announced.flatMap(RetrainOperator::toldBy);
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
    counts = Counts.NONE;
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
    lookAgainIn(Duration.ZERO);
  }

  private Instant now() {
    return Instant.ofEpochMilli(getProcessingTimeService().getCurrentProcessingTime());
  }

  private void lookAgainIn(Duration wait) {
    // Flink cancels what is left with the task, and fails it for what a callback throws.
    ScheduledFuture<?> unused =
        getProcessingTimeService()
            .registerTimer(now().plus(wait).toEpochMilli(), time -> onTimer());
  }

  private void onTimer() {
    lookAgainIn(settings.lookEvery());
    if (phase == Phase.ENDING) {
      writeOutcome();
    }
    pause = pause.map(present -> present.seen(now()));
    if (phase == Phase.TRAINING
        && thread.isEmpty()
        && pause.filter(present -> present.lasts(now())).isEmpty()) {
      attempt();
    }
    if (!looking) {
      looking = true;
      boolean readRuns = phase == Phase.UNKNOWN;
      // Attempts pin it themselves; between two of them nobody else does.
      Set<String> parents = run.map(RetrainRun::parent).stream().collect(Collectors.toSet());
      inStores(
          "look at its stores",
          () -> {
            Look look = look(readRuns, parents);
            mail("a look at the stores", () -> looked(look));
          },
          () -> looking = false);
    }
  }

  /**
   * Runs something on the stores' thread.
   *
   * @param otherwise runs on the task's if it failed
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
                          LOG::warn, "The retraining cannot %s and tries again".formatted(what)));
          try {
            action.run();
            trouble.isOver();
          } catch (Throwable e) {
            // Errors too: the task would wait for ever for what this thread was to say.
            boolean unused = trouble.lasts(e.toString(), e);
            mail("failed to " + what, otherwise);
          }
        });
  }

  /** Runs something on the task's thread, unless the task is over. */
  private void mail(String what, ThrowingRunnable<Exception> action) {
    try {
      mailbox.execute(action, what);
    } catch (RejectedExecutionException e) {
      LOG.debug("The task ended before: {}", what);
    }
  }

  private Look look(boolean readRuns, Set<String> parents) throws IOException {
    models.hold(parents);
    Optional<KnownRuns> runs =
        readRuns
            ? Optional.of(new KnownRuns(ledger.runs(), ledger.unfinished()))
            : Optional.empty();
    Optional<String> wrong = models.damage();
    if (wrong.isPresent()) {
      // Which classes are new nobody can say; the labels are counted and wait.
      Counts all = ledger.counts(List.of());
      Counts known = new Counts(all.newLabels(), all.rows(), all.heldOut(), List.of());
      return new Look(known, "", wrong, Optional.empty(), runs);
    }
    String version = models.live();
    return new Look(
        ledger.counts(models.labels(version)),
        version,
        Optional.empty(),
        models.heldOutTop1(version),
        runs);
  }

  private void looked(Look look) {
    looking = false;
    counts = look.counts();
    live = look.live();
    noteDamage(look.damage());
    heldOutTop1 = look.heldOutTop1();
    arrivals = arrivals.seen(counts.newLabels(), now());
    accuracy.notAfter(now());
    if (phase == Phase.UNKNOWN) {
      look.runs().ifPresent(this::takeUp);
    }
    if (phase == Phase.IDLE && mayBegin(look.damage())) {
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

  /** A version that was read and found damaged is not read again at each look. */
  private boolean mayBegin(Optional<String> seen) {
    return seen.isEmpty() && damaged.filter(known -> known.pause().lasts(now())).isEmpty();
  }

  /** Finds out from the manifests where the runs stand. */
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
      LOG.info("The run for {} goes on", run.get().version());
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
          // Now: once its manifest is there, a run has taken its labels.
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
        // Its manifest may be there nevertheless.
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
      // Nothing may leave any more. The run is unfinished and goes on at the next start.
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
    } else if (ending instanceof RunThread.Held held) {
      failedAttempts = held.attempt() - 1;
      pause = Optional.of(Pause.of(settings.retryAfter(), held.damage(), now()));
      boolean unused = runWaits.lasts(held.damage(), null);
    }
    show();
  }

  private void end(RunThread.Over over) {
    over.verdict()
        // On a few images it says nothing of what is to be expected.
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

  /** Doubles with each attempt that failed. */
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
    told = toldBy(outcome);
    phase = Phase.ANNOUNCED;
  }

  private static Optional<String> toldBy(RunOutcome outcome) {
    return outcome.status() == ModelStatus.PROMOTED
        ? Optional.of(outcome.version())
        : Optional.empty();
  }

  /**
   * Announces what went live before the promotion was announced, or no reader of the topic's last
   * word would know.
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
    told = Optional.of(later.version());
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
    Optional<String> lastWord = told;
    inStores(
        "end a run",
        () -> {
          Optional<LiveChange> later =
              lastWord.isPresent()
                  ? models.lastChange().filter(last -> !last.version().equals(lastWord.get()))
                  : Optional.empty();
          if (later.isPresent()) {
            mail("another version is live", () -> announceLater(later.get()));
            return;
          }
          ledger.end(outcome);
          forget(outcome.version());
          mail("a run is over", () -> over(outcome));
        },
        // At the next tick of the clock: the disk may be full, and no other run begins meanwhile.
        () -> {});
  }

  /**
   * A run that was given up leaves a checkpoint, a gigabyte; that it stays is no reason to wait.
   */
  private void forget(String version) {
    try {
      models.forget(version);
    } catch (RuntimeException e) {
      LOG.warn("Could not remove what the training of {} left", version, e);
    }
  }

  private void over(RunOutcome outcome) {
    if (phase != Phase.ENDING) {
      // Two ticks, two mails.
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
    // The others were chosen for what the model said, which would bias the estimate.
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
      if (!saidOld) {
        saidOld = true;
        LOG.info(
            "Passed over a training that {} asked for: that was {} ago, and requests count for {}; others of such age go without a word",
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
    LOG.info("A training is asked for: {}", request);
    if (requests.isFull()) {
      LOG.warn(
          "{} requests for a training wait: further ones are passed over, the next run is theirs too",
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
   * Lets other processes and the metrics see how things stand.
   *
   * @param stopped when the task ended, if it has
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

  /** Waits for the attempt under way, which stops before its next step, and for the stores. */
  @Override
  public void close() throws Exception {
    try {
      if (thread != null) {
        thread.ifPresent(RunThread::close);
      }
      if (reported != null && !stores.isShutdown()) {
        // Or it would be shown how much time a run has left that nobody goes on with.
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
