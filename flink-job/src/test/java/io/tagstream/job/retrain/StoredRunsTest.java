package io.tagstream.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.schemas.ModelStatus;
import io.tagstream.settings.Settings;
import io.tagstream.settings.TrainingStoreSettings;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredRunsTest {
  private static final Instant WHEN = Instant.parse("2012-12-03T10:00:00Z");
  @TempDir private Path folder;

  private static Run run(String version, boolean ended) {
    return new Run(
        version,
        "v0",
        new Cause(Cause.Kind.ACCURACY, "it fell"),
        List.of("r1", "r2"),
        Optional.of(WHEN.minusSeconds(9)),
        WHEN,
        ended);
  }

  @Test
  void aRunIsThereFromItsManifestToItsOutcomeAndAfter() throws Exception {
    StoredRuns first = new StoredRuns(folder, Settings.defaults().get(TrainingStoreSettings.class));
    StoredRuns runs = InstantiationUtil.clone(first);
    assertThat(runs.counts()).isEqualTo(Counts.NONE);
    runs.begin(run("v1", false), Set.of());
    assertThat(runs.runs()).containsExactly(run("v1", false));
    assertThat(runs.attempt("v1")).isEqualTo(1);
    assertThat(runs.attempt("v1")).isEqualTo(2);
    runs.cancelled("v1", 2);
    assertThat(runs.attempt("v1")).isEqualTo(2);
    runs.end(new Outcome("v1", ModelStatus.PROMOTED, "better", WHEN));
    runs.end(new Outcome("v1", ModelStatus.REJECTED, "too late", WHEN));
    runs.begin(run("v2", false), Set.of());
    assertThat(first.runs()).containsExactly(run("v1", true), run("v2", false));
    assertThat(folder.resolve("runs/v1.outcome.json")).content().contains("promoted");
  }
}
