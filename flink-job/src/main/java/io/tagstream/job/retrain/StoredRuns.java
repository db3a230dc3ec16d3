package io.tagstream.job.retrain;

import io.tagstream.job.trainingstore.Housekeeping;
import io.tagstream.job.trainingstore.Listing;
import io.tagstream.job.trainingstore.RunOutcome;
import io.tagstream.job.trainingstore.StoreFile;
import io.tagstream.job.trainingstore.StoredImage;
import io.tagstream.job.trainingstore.TrainingRun;
import io.tagstream.job.trainingstore.TrainingStore;
import io.tagstream.model.training.ClassNames;
import io.tagstream.model.training.ClassSize;
import io.tagstream.settings.TrainingStoreSettings;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The runs on a training store, as files in it. */
public final class StoredRuns implements RunLedger {
  private static final long serialVersionUID = 1L;

  private final URI folder;
  private final TrainingStoreSettings settings;
  private final int minPerClass;

  /** It remembers what it read of the files. */
  private final transient TrainingStore store;

  private transient volatile Classes classes = new Classes(List.of(), List.of());

  /** Files never change, so neither do the classes of their images. */
  private record Classes(List<StoreFile> files, List<ClassSize> sizes) {}

  /**
   * @param folder the training store, seen by every TaskManager
   * @param minPerClass images that a new class needs
   */
  public StoredRuns(Path folder, TrainingStoreSettings settings, int minPerClass) {
    this(folder.toAbsolutePath().normalize().toUri(), settings, minPerClass);
  }

  private StoredRuns(URI folder, TrainingStoreSettings settings, int minPerClass) {
    this.folder = folder;
    this.settings = settings;
    this.minPerClass = minPerClass;
    this.store = new TrainingStore(Path.of(folder));
  }

  private Object readResolve() {
    return new StoredRuns(folder, settings, minPerClass);
  }

  @Override
  public Counts counts() {
    Listing listing = store.list();
    return new Counts(
        listing.rowsBeside(store.runs().parts()),
        listing.rows(),
        classes(listing).stream().mapToLong(ClassSize::heldOut).sum());
  }

  @Override
  public Map<String, Integer> waiting(List<String> known) {
    ClassNames learned = new ClassNames(known);
    return classes(store.list()).stream()
        .filter(size -> learned.find(size.label()).isEmpty() && !size.isEnough(minPerClass))
        .collect(Collectors.toUnmodifiableMap(ClassSize::label, ClassSize::images));
  }

  private List<ClassSize> classes(Listing listing) {
    if (!classes.files().equals(listing.files())) {
      classes = new Classes(listing.files(), sizes(store.read(listing.files()).images()));
    }
    return classes.sizes();
  }

  private static List<ClassSize> sizes(List<StoredImage> images) {
    ClassNames names = new ClassNames(List.of());
    Map<Integer, List<StoredImage>> byClass =
        images.stream().collect(Collectors.groupingBy(image -> names.indexOf(image.label())));
    return byClass.entrySet().stream()
        .map(
            entry ->
                new ClassSize(
                    names.labels().get(entry.getKey()),
                    entry.getValue().size(),
                    (int) entry.getValue().stream().filter(StoredImage::isHeldOut).count()))
        .toList();
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
