package io.tagstream.job.retrain;

import io.tagstream.job.trainingstore.Housekeeping;
import io.tagstream.job.trainingstore.Listing;
import io.tagstream.job.trainingstore.RunOutcome;
import io.tagstream.job.trainingstore.StoreFile;
import io.tagstream.job.trainingstore.TrainingRun;
import io.tagstream.job.trainingstore.TrainingStore;
import io.tagstream.model.training.Split;
import io.tagstream.settings.TrainingStoreSettings;
import java.net.URI;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The runs on a training store, as files in it. */
public final class StoredRuns implements RunLedger {
  private static final long serialVersionUID = 1L;

  private final URI folder;
  private final TrainingStoreSettings settings;

  /** It remembers what it read of the files. */
  private final transient TrainingStore store;

  private transient volatile Held held = new Held(List.of(), 0);

  /** Files never change, so neither does what is held out of them. */
  private record Held(List<StoreFile> files, long images) {}

  /**
   * @param folder the training store, seen by every TaskManager
   */
  public StoredRuns(Path folder, TrainingStoreSettings settings) {
    this(folder.toAbsolutePath().normalize().toUri(), settings);
  }

  private StoredRuns(URI folder, TrainingStoreSettings settings) {
    this.folder = folder;
    this.settings = settings;
    this.store = new TrainingStore(Path.of(folder));
  }

  private Object readResolve() {
    return new StoredRuns(folder, settings);
  }

  @Override
  public Counts counts() {
    Listing listing = store.list();
    if (!held.files().equals(listing.files())) {
      held = new Held(listing.files(), heldOut(listing.files()));
    }
    return new Counts(listing.rowsBeside(store.runs().parts()), listing.rows(), held.images());
  }

  private long heldOut(List<StoreFile> files) {
    return store.read(files).images().stream()
        .filter(image -> Split.isHeldOut(image.group(), HexFormat.of().parseHex(image.sha256())))
        .count();
  }

  @Override
  public List<Run> runs() {
    return store.runs().versions().stream()
        .flatMap(version -> store.runs().find(version).stream())
        .map(
            run ->
                new Run(
                    run.version(),
                    run.parent(),
                    new Cause(
                        Cause.Kind.valueOf(run.cause().toUpperCase(Locale.ROOT)), run.reason()),
                    run.requests(),
                    run.fallSeenUpTo(),
                    run.started(),
                    store.runs().ended(run.version())))
        .toList();
  }

  @Override
  public void begin(Run run, Set<String> versions) {
    Housekeeping.in(store, settings, versions, run.started());
    Listing listing = store.list();
    boolean begun =
        store
            .runs()
            .begin(
                new TrainingRun(
                    run.version(),
                    run.parent(),
                    run.started(),
                    run.cause().kind().name().toLowerCase(Locale.ROOT),
                    run.cause().text(),
                    run.requests(),
                    run.fallSeenUpTo(),
                    listing.rowsBeside(store.runs().parts()),
                    listing.files(),
                    listing.unusable()));
    if (!begun) {
      throw new IllegalStateException("a run for %s began before".formatted(run.version()));
    }
  }

  @Override
  public int attempt(String version) {
    return store.runs().attempt(version);
  }

  @Override
  public void cancelled(String version, int attempt) {
    store.runs().cancelled(version, attempt);
  }

  @Override
  public void end(Outcome outcome) {
    boolean unused =
        store
            .runs()
            .end(
                new RunOutcome(
                    outcome.version(), outcome.status().word(), outcome.reason(), outcome.at()));
  }
}
