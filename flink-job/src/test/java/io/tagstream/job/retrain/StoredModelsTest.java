package io.tagstream.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredModelsTest {
  @TempDir private Path folder;

  private Set<String> pinned() {
    return Engines.store(folder).pins().pinned();
  }

  @Test
  void heldVersionsArePinnedUntilTheyAreReleased() throws Exception {
    StoredModels models = InstantiationUtil.clone(new StoredModels(folder, "shop", 3));
    models.hold(Set.of());
    assertThat(folder.resolve("pins")).doesNotExist();
    models.hold(Set.of("v1"));
    models.hold(Set.of("v1"));
    assertThat(pinned()).containsExactly("v1");
    models.hold(Set.of("v2"));
    assertThat(pinned()).containsExactly("v2");
    models.hold(Set.of());
    assertThat(pinned()).isEmpty();
    models.hold(Set.of("v3"));
    models.release();
    assertThat(pinned()).isEmpty();
  }

  private static String write(ModelStore store, long seed) {
    NetworkDescription network = NetworkDescription.alexNet(3, 1.0 / 24);
    return store
        .write(
            new ModelDraft(
                Initialisation.HE.draw(network, seed),
                Preprocessing.tagstream(network.inputSize()),
                List.of("ant", "bee", "cat"),
                Optional.empty(),
                Provenance.made("drawn for a test", "drawn", "none")))
        .version();
  }

  @Test
  void damageOfTheLiveVersionIsReportedWithItsRemedy() throws Exception {
    StoredModels models = new StoredModels(folder, "shop", 3);
    assertThat(models.damage().orElseThrow()).startsWith("no model in " + folder);
    ModelStore store = new ModelStore(folder);
    String first = write(store, 1);
    String second = write(store, 2);
    store.promote(second, "ann");
    assertThat(models.damage()).isEmpty();
    assertThat(models.damageIn(second)).isEmpty();

    Path onnx = folder.resolve(second).resolve("model.onnx");
    byte[] bytes = Files.readAllBytes(onnx);
    bytes[bytes.length / 2] ^= 1;
    Files.write(onnx, bytes);
    assertThat(models.damage()).as("not seen without reading all of it").isEmpty();
    assertThat(models.damageIn(second).orElseThrow())
        .startsWith("version %s is damaged: %s was changed: its SHA-256 is".formatted(second, onnx))
        .endsWith(
            "; restore it, or ./tagstream model rollback --models %s makes %s live again"
                .formatted(folder, first));
    Files.write(onnx, new byte[3]);
    assertThat(models.damage().orElseThrow()).contains(onnx + " has 3 bytes, but was written with");
    Files.delete(folder.resolve(second).resolve("model.json"));
    assertThat(models.damage().orElseThrow())
        .startsWith(
            "version %s is damaged: %s or its model.json is missing; restore it, or ./tagstream model rollback"
                .formatted(second, folder.resolve(second)));
    assertThat(store.rollback("ann")).isEqualTo(first);
    assertThat(models.damage()).isEmpty();
    Files.delete(folder.resolve(first).resolve("labels.txt"));
    assertThat(models.damage().orElseThrow())
        .contains(folder.resolve(first).resolve("labels.txt") + " is missing")
        .endsWith(
            "; restore it, or ./tagstream model promote V --models %s makes another one live"
                .formatted(folder));
  }
}
