package io.tagstream.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.engine.Engines;
import java.nio.file.Path;
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
  void whatIsHeldIsPinnedUntilItIsReleased() throws Exception {
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
}
