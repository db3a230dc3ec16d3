package io.tagstream.job.retrain;

import io.tagstream.model.training.ClassNames;
import io.tagstream.model.training.ClassSize;
import io.tagstream.settings.TrainingStoreSettings;
import io.tagstream.trainingstore.Housekeeping;
import io.tagstream.trainingstore.Listing;
import io.tagstream.trainingstore.RetrainRun;
import io.tagstream.trainingstore.RunManifest;
import io.tagstream.trainingstore.RunOutcome;
import io.tagstream.trainingstore.StoreFile;
import io.tagstream.trainingstore.StoredImage;
import io.tagstream.trainingstore.TrainingStore;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The runs on a training store, stored as files in it. */
public final class StoredRuns implements RunLedger {
  private static final long serialVersionUID = 1L;

  /**
   * How many waiting classes are named, those with the most images first: on a stream, each typing
   * error makes a class.
   */
  private static final int MAX_NAMED = 10;

  private final URI folder;
  private final TrainingStoreSettings settings;
  private final int minPerClass;

  /** Caches what it read from the files. */
  private final transient TrainingStore store;

  private transient volatile Images images = new Images(List.of(), 0, List.of());

  /** Cached by the list of files, which never change. */
  private record Images(List<StoreFile> files, long heldOut, List<ClassSize> classes) {}

  /**
   * @param folder the training store, accessible from every TaskManager
   * @param minPerClass the number of images that a new class needs
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
  public StoreCounts counts(List<String> known) {
    Listing listing = store.list();
    if (!images.files().equals(listing.files())) {
      images = images(listing.files());
    }
    return new StoreCounts(
        listing.rowsOutside(store.runs().parts()),
        listing.rows(),
        images.heldOut(),
        waiting(known, images.classes()));
  }

  private Images images(List<StoreFile> files) {
    List<StoredImage> read = store.read(files).images();
    ClassNames names = new ClassNames(List.of());
    Map<Integer, List<StoredImage>> byClass =
        read.stream().collect(Collectors.groupingBy(image -> names.indexOf(image.label())));
    List<ClassSize> sizes = new ArrayList<>();
    byClass.forEach((label, ofClass) -> sizes.add(size(names.labels().get(label), ofClass)));
    return new Images(files, read.stream().filter(StoredImage::isHeldOut).count(), sizes);
  }

  private static ClassSize size(String label, List<StoredImage> ofClass) {
    Map<String, Boolean> heldOut = new HashMap<>();
    ofClass.forEach(image -> heldOut.put(image.sha256(), image.isHeldOut()));
    return ClassSize.of(label, heldOut);
  }

  private List<String> waiting(List<String> known, List<ClassSize> sizes) {
    ClassNames names = new ClassNames(known);
    List<ClassSize> waiting =
        sizes.stream()
            .filter(size -> names.find(size.label()).isEmpty() && !size.isEnough(minPerClass))
            .sorted(Comparator.comparing(ClassSize::images).reversed())
            .toList();
    List<String> texts =
        waiting.stream()
            .limit(MAX_NAMED)
            .map(size -> size.shortage(minPerClass))
            .collect(Collectors.toCollection(ArrayList::new));
    if (waiting.size() > MAX_NAMED) {
      texts.add("and %d more classes".formatted(waiting.size() - MAX_NAMED));
    }
    return texts;
  }

  @Override
  public List<RetrainRun> runs() {
    return store.runs().versions().stream()
        .flatMap(version -> store.runs().find(version).stream())
        .map(RunManifest::run)
        .toList();
  }

  @Override
  public Optional<RetrainRun> unfinished() {
    return store.runs().unfinished().stream().map(RunManifest::run).findFirst();
  }

  @Override
  public void begin(RetrainRun run, Set<String> versions) {
    Housekeeping.in(store, settings, versions, run.started());
    Listing listing = store.list();
    RunManifest manifest =
        new RunManifest(
            run, listing.rowsOutside(store.runs().parts()), listing.files(), listing.unusable());
    if (!store.runs().begin(manifest)) {
      throw new IllegalStateException("a run for %s has begun already".formatted(run.version()));
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
  public void releaseLabels(String version) {
    store.runs().markUnread(version);
  }

  @Override
  public void end(RunOutcome outcome) {
    boolean unused = store.runs().end(outcome);
  }
}
