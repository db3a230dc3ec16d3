package io.tagstream.job.retrain;

import io.tagstream.model.LastingState;
import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Processors;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.LiveAccuracyRecord;
import io.tagstream.model.store.LiveAccuracyRecord.Score;
import io.tagstream.model.store.LiveChange;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelMetadata;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Pin;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.model.store.RunFolder;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The versions in a model store on disk. */
public final class StoredModels implements ModelVersions {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(StoredModels.class);

  private final URI folder;
  private final String job;
  private final int keep;

  private transient Optional<Pin> pin = Optional.empty();
  private transient Set<String> held = Set.of();
  private final transient LastingState unpinned =
      new LastingState(LOG::warn, "Models of a run are not pinned and may be deleted");

  /**
   * @param folder the model store, accessible from every TaskManager
   * @param job the job's name, under which its status is published
   * @param keep the number of versions that stay after a run
   */
  public StoredModels(Path folder, String job, int keep) {
    this.folder = folder.toAbsolutePath().normalize().toUri();
    this.job = job;
    this.keep = keep;
  }

  private Object readResolve() {
    return new StoredModels(Path.of(folder), job, keep);
  }

  private ModelStore store() {
    return Engines.store(Path.of(folder)).usedBy(job);
  }

  @Override
  public String live() {
    return store().live();
  }

  @Override
  public Optional<String> damage() {
    ModelStore store = store();
    String version;
    try {
      version = store.live();
    } catch (ModelException e) {
      return Optional.of(e.getMessage());
    }
    return damage(store, version, () -> store.checkFiles(version));
  }

  @Override
  public Optional<String> damageIn(String version) {
    ModelStore store = store();
    // Reads and hashes the whole bundle while the job's engines serve.
    return damage(
        store,
        version,
        () ->
            Processors.take(
                1,
                () -> {
                  ModelBundle unused = store.open(version);
                }));
  }

  private Optional<String> damage(ModelStore store, String version, Runnable look) {
    try {
      look.run();
      return Optional.empty();
    } catch (ModelException e) {
      String wrong =
          store.versions().contains(version)
              ? e.getMessage()
              : Path.of(folder).resolve(version) + " or its model.json is missing";
      return Optional.of(
          "version %s is damaged: %s; restore it, or %s"
              .formatted(version, wrong, wayOut(store, version)));
    }
  }

  private String wayOut(ModelStore store, String version) {
    Optional<String> before = store.predecessor(version).filter(store.versions()::contains);
    return before.isPresent()
        ? "./tagstream model rollback --models %s makes %s live again"
            .formatted(Path.of(folder), before.get())
        : "./tagstream model promote V --models %s makes another one live"
            .formatted(Path.of(folder));
  }

  @Override
  public List<String> labels(String version) {
    return store().labels(version);
  }

  @Override
  public Set<String> versions() {
    return Set.copyOf(store().versions());
  }

  /** Logs a failure, such as a full disk; the next call tries again. */
  @Override
  public synchronized void hold(Set<String> versions) {
    if (versions.equals(held)) {
      return;
    }
    if (versions.isEmpty()) {
      release();
      return;
    }
    try {
      if (pin.isPresent()) {
        pin.get().set(versions);
      } else {
        String name = "retraining-%s-%s".formatted(UUID.randomUUID(), job);
        pin = Optional.of(store().pins().pin(name, versions));
      }
      held = Set.copyOf(versions);
      unpinned.isOver();
    } catch (ModelException e) {
      boolean unused = unpinned.lasts("%s, %s".formatted(versions, e.getMessage()), e);
    }
  }

  @Override
  public synchronized void release() {
    pin.ifPresent(Pin::close);
    pin = Optional.empty();
    held = Set.of();
  }

  @Override
  public List<LiveChange> history() {
    return store().history();
  }

  @Override
  public Optional<LiveChange> lastChange() {
    return store().lastChange();
  }

  @Override
  public boolean promote(String version, String by, String instead) {
    AtomicBoolean promoted = new AtomicBoolean();
    // Reads and hashes the whole bundle while the job's engines serve.
    Processors.take(1, () -> promoted.set(store().promote(version, by, instead)));
    return promoted.get();
  }

  @Override
  public List<String> prune() {
    return store().prune(keep);
  }

  @Override
  public void forget(String version) {
    RunFolder.remove(store(), version);
  }

  @Override
  public String newVersion() {
    return store().newVersion();
  }

  @Override
  public Optional<Double> heldOutTop1(String version) {
    ModelMetadata metadata = store().metadata(version);
    return metadata
        .verdict()
        .filter(verdict -> verdict.heldOut() > 0)
        .map(verdict -> verdict.candidate().top1())
        .or(() -> Optional.ofNullable(metadata.provenance().metrics().get("top1")));
  }

  @Override
  public void show(RetrainStatus status) throws IOException {
    status.write(Path.of(folder), job);
    LiveAccuracyRecord before = store().liveAccuracy();
    Map<String, Score> scores = new HashMap<>(before.versions());
    status
        .accuracy()
        .forEach(
            (version, answers) ->
                scores.merge(
                    version,
                    new Score(answers.right(), answers.labels()),
                    // A job that was started with --fresh counts from zero again.
                    (known, counted) -> counted.total() >= known.total() ? counted : known));
    LiveAccuracyRecord after = new LiveAccuracyRecord(scores);
    if (!after.equals(before)) {
      store().write(after);
    }
  }
}
