package io.tagstream.job.retrain;

import io.tagstream.model.ModelException;
import io.tagstream.model.store.LiveChange;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.model.store.Verdict;
import io.tagstream.trainingstore.RetrainRun;
import io.tagstream.trainingstore.RunOutcome;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * In memory, everything that survives a crash: the training store, the model store and the
 * training.
 */
final class FakeStores implements RunLedger, ModelVersions, Training {
  private static final long serialVersionUID = 1L;
  private static final Instant WHEN = Instant.parse("2012-12-03T09:00:00Z");

  volatile StoreCounts beforeAnyRun = new StoreCounts(0, 1000, 100, List.of());
  volatile StoreCounts afterARun = new StoreCounts(0, 1000, 100, List.of());
  volatile boolean unreadable;

  /** An unexpected error that a reading of the stores throws. */
  volatile Optional<Error> error = Optional.empty();

  /** Counts the readings and beginnings that threw one. */
  final AtomicInteger errors = new AtomicInteger();

  /** Versions with a missing file, which each quick check finds. */
  final Set<String> gone = ConcurrentHashMap.newKeySet();

  /** Versions whose damage only a full reading finds. */
  final Set<String> damaged = ConcurrentHashMap.newKeySet();

  /** Counts full readings of versions. */
  final List<String> readings = new CopyOnWriteArrayList<>();

  /** Runs whose labels count as new again. */
  final Set<String> givenBack = ConcurrentHashMap.newKeySet();

  volatile boolean noManifest;

  /** The same when a manifest is written. */
  volatile Optional<Error> noManifestFor = Optional.empty();

  /** Manifests that were not written. */
  final AtomicInteger lostManifests = new AtomicInteger();

  volatile boolean noPromotion;
  volatile boolean noHistory;
  final AtomicInteger historiesAsked = new AtomicInteger();
  volatile boolean noOutcome;
  volatile Verdict.Outcome decision = Verdict.Outcome.PROMOTED;
  volatile Optional<Double> heldOutTop1 = Optional.of(0.9);

  volatile double incumbentTop1 = 0.9;

  /** Whether the live version is found damaged when the candidate is judged. */
  volatile boolean damagedByTraining;

  /** The number of attempts that fail before one succeeds. */
  final AtomicInteger failures = new AtomicInteger();

  /** Attempts wait for a permit, or for their cancellation, before they write the version. */
  volatile boolean holdBeforeBundle;

  /** The same after the version is written. */
  volatile boolean holdAfterBundle;

  final Semaphore permits = new Semaphore(0);

  final List<RetrainRun> manifests = new CopyOnWriteArrayList<>();
  final Map<String, RunOutcome> outcomes = new ConcurrentHashMap<>();
  final Map<String, Integer> attempts = new ConcurrentHashMap<>();
  final Set<String> bundles = ConcurrentHashMap.newKeySet();
  final List<LiveChange> changes = new CopyOnWriteArrayList<>();
  final List<String> forgotten = new CopyOnWriteArrayList<>();

  /** A version that a user promotes just before the job promotes its own. */
  final AtomicReference<String> fasterThanUs = new AtomicReference<>();

  final List<String> trainings = new CopyOnWriteArrayList<>();
  volatile Set<String> held = Set.of();
  volatile String live = "v0";
  volatile Optional<RetrainStatus> status = Optional.empty();

  private void check() throws IOException {
    meet(error);
    if (unreadable) {
      throw new IOException("the store's disk does not answer");
    }
  }

  private void meet(Optional<Error> error) {
    error.ifPresent(
        thrown -> {
          errors.incrementAndGet();
          throw thrown;
        });
  }

  @Override
  public StoreCounts counts(List<String> known) throws IOException {
    check();
    boolean noneRead = manifests.stream().allMatch(run -> givenBack.contains(run.version()));
    StoreCounts counts = noneRead ? beforeAnyRun : afterARun;
    return new StoreCounts(counts.newLabels(), counts.rows(), counts.heldOut(), known);
  }

  @Override
  public List<RetrainRun> runs() throws IOException {
    check();
    return List.copyOf(manifests);
  }

  @Override
  public Optional<RetrainRun> unfinished() {
    return manifests.stream().filter(run -> !outcomes.containsKey(run.version())).findFirst();
  }

  @Override
  public void begin(RetrainRun run, Set<String> versions) throws IOException {
    meet(noManifestFor);
    if (noManifest) {
      lostManifests.incrementAndGet();
      throw new IOException("no space left");
    }
    manifests.add(run);
  }

  @Override
  public int attempt(String version) {
    return attempts.merge(version, 1, Integer::sum);
  }

  @Override
  public void cancelled(String version, int attempt) {
    attempts.put(version, attempt - 1);
  }

  @Override
  public void end(RunOutcome outcome) throws IOException {
    if (noOutcome) {
      throw new IOException("no space left");
    }
    outcomes.putIfAbsent(outcome.version(), outcome);
  }

  @Override
  public String live() {
    return live;
  }

  @Override
  public Optional<String> damage() {
    return gone.contains(live) ? Optional.of(live + " is gone") : Optional.empty();
  }

  @Override
  public Optional<String> damageIn(String version) {
    readings.add(version);
    return gone.contains(version)
        ? Optional.of(version + " is gone")
        : damaged.contains(version) ? Optional.of(version + " was changed") : Optional.empty();
  }

  @Override
  public void releaseLabels(String version) {
    givenBack.add(version);
  }

  @Override
  public List<String> labels(String version) {
    return List.of("of " + version);
  }

  @Override
  public void hold(Set<String> versions) {
    held = Set.copyOf(versions);
  }

  @Override
  public void release() {
    held = Set.of();
  }

  @Override
  public Set<String> versions() {
    return Set.copyOf(bundles);
  }

  @Override
  public List<LiveChange> history() {
    historiesAsked.incrementAndGet();
    if (noHistory) {
      throw new ModelException("the history cannot be read");
    }
    return List.copyOf(changes);
  }

  @Override
  public Optional<LiveChange> lastChange() {
    return changes.stream()
        .reduce((earlier, later) -> later)
        .filter(change -> change.version().equals(live));
  }

  @Override
  public boolean promote(String version, String by, String instead) {
    Optional.ofNullable(fasterThanUs.getAndSet(null)).ifPresent(other -> promote(other, "ann"));
    if (!live.equals(instead)) {
      return false;
    }
    promote(version, by);
    return true;
  }

  void promote(String version, String by) {
    if (!bundles.contains(version)) {
      throw new ModelException("no version " + version);
    }
    if (noPromotion) {
      throw new ModelException("no space left");
    }
    changes.add(new LiveChange(WHEN, LiveChange.Action.PROMOTED, version, Optional.of(live), by));
    live = version;
  }

  @Override
  public List<String> prune() {
    throw new ModelException("the disk does not delete");
  }

  @Override
  public void forget(String version) {
    forgotten.add(version);
  }

  @Override
  public String newVersion() {
    return "v" + (manifests.size() + 1);
  }

  @Override
  public Optional<Double> heldOutTop1(String version) {
    return heldOutTop1;
  }

  @Override
  public void show(RetrainStatus shown) {
    status = Optional.of(shown);
  }

  @Override
  public Verdict train(
      RetrainRun run, Consumer<RetrainStatus.Progress> progress, BooleanSupplier cancelled)
      throws IOException, InterruptedException {
    trainings.add(run.version());
    progress.accept(new RetrainStatus.Progress(1, 3, 7, 21, 40, 0.5, 0.01, Duration.ofSeconds(9)));
    if (holdBeforeBundle) {
      hold(cancelled);
    }
    if (failures.getAndDecrement() > 0) {
      throw new IOException("disk full");
    }
    if (damagedByTraining) {
      damaged.add(live);
      throw new ModelException(live + " cannot be read");
    }
    bundles.add(run.version());
    if (holdAfterBundle) {
      hold(cancelled);
    }
    return verdict(run);
  }

  @Override
  public Optional<Verdict> judged(RetrainRun run) {
    return bundles.contains(run.version()) ? Optional.of(verdict(run)) : Optional.empty();
  }

  private Verdict verdict(RetrainRun run) {
    return new Verdict(
        decision,
        "because",
        Optional.of(new Verdict.Incumbent(run.parent(), new Verdict.Scores(incumbentTop1, 1))),
        new Verdict.Scores(0.61, 1),
        10,
        20,
        0.9,
        List.of(),
        Map.of("cat", Map.of("cat", 61, "dog", 39)),
        100,
        0);
  }

  private void hold(BooleanSupplier cancelled) throws InterruptedException {
    while (!permits.tryAcquire(1, TimeUnit.MILLISECONDS)) {
      if (cancelled.getAsBoolean()) {
        throw new CancellationException();
      }
    }
  }
}
