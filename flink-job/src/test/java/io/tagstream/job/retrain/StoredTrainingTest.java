package io.tagstream.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import io.tagstream.settings.Settings;
import io.tagstream.settings.TrainingSettings;
import io.tagstream.settings.TrainingStoreSettings;
import io.tagstream.trainingstore.RetrainRun;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredTrainingTest {
  private static final NetworkDescription NETWORK = NetworkDescription.alexNet(2, 1.0 / 24);

  @TempDir private Path folder;

  private static RetrainRun run(String version, String parent) {
    return new RetrainRun(
        version,
        parent,
        Instant.EPOCH,
        RetrainRun.Cause.LABELS,
        "they came",
        List.of(),
        Optional.empty());
  }

  @Test
  void aVersionMadeByThisStoreWasTrainedOnItsImages() throws Exception {
    ModelStore models = new ModelStore(folder.resolve("models"));
    Path images = folder.resolve("training");
    StoredRuns runs =
        new StoredRuns(images, Settings.defaults().get(TrainingStoreSettings.class), 10);
    StoredTraining training =
        new StoredTraining(
            images,
            folder.resolve("models"),
            "test",
            Settings.defaults().get(TrainingSettings.class),
            25);
    String imported = write(models);
    RetrainRun first = run(write(models), imported);
    runs.begin(first, Set.of(imported));
    assertThat(training.task(first, models).parentLearnedHere()).isFalse();
    RetrainRun second = run(write(models), first.version());
    runs.begin(second, Set.of(imported, first.version()));
    assertThat(training.task(second, models).parentLearnedHere()).isTrue();
  }

  private static String write(ModelStore models) {
    return models
        .write(
            new ModelDraft(
                Initialisation.HE.draw(NETWORK, 1),
                Preprocessing.tagstream(NETWORK.inputSize()),
                List.of("ant", "bee"),
                Optional.empty(),
                Provenance.made("drawn for a test", "drawn", "none")))
        .version();
  }
}
