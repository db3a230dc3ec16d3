package io.tagstream.job.retrain;

import io.tagstream.model.engine.Engines;
import io.tagstream.model.store.LiveAccuracyRecord;
import io.tagstream.model.store.LiveAccuracyRecord.Score;
import io.tagstream.model.store.LiveChange;
import io.tagstream.model.store.ModelMetadata;
import io.tagstream.model.store.ModelStore;
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

/** A folder of models. */
public final class StoredModels implements Models {
  private static final long serialVersionUID = 1L;

  private final URI folder;
  private final String job;
  private final int keep;

  /**
   * @param folder seen by every TaskManager
   * @param job the job's name, under which its status is shown
   * @param keep versions that stay after a run
   */
  public StoredModels(Path folder, String job, int keep) {
    this.folder = folder.toAbsolutePath().normalize().toUri();
    this.job = job;
    this.keep = keep;
  }

  private ModelStore store() {
    return Engines.store(Path.of(folder));
  }

  @Override
  public String live() {
    return store().live();
  }

  @Override
  public Set<String> versions() {
    return Set.copyOf(store().versions());
  }

  @Override
  public List<LiveChange> history() {
    return store().history();
  }

  @Override
  public void promote(String version, String by) {
    store().promote(version, by);
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
                    // A job that was started afresh counts from nothing again.
                    (known, counted) -> counted.total() >= known.total() ? counted : known));
    LiveAccuracyRecord after = new LiveAccuracyRecord(scores);
    if (!after.equals(before)) {
      store().write(after);
    }
  }
}
