package io.tagstream.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.TrainingFiles;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.settings.Settings;
import io.tagstream.settings.TrainingStoreSettings;
import io.tagstream.trainingstore.RetrainRun;
import io.tagstream.trainingstore.RunOutcome;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredRunsTest {
  private static final Instant WHEN = Instant.parse("2012-12-03T10:00:00Z");
  @TempDir private Path folder;

  private static RetrainRun run(String version) {
    return new RetrainRun(
        version,
        "v0",
        WHEN,
        RetrainRun.Cause.ACCURACY,
        "it fell",
        List.of("r1", "r2"),
        Optional.of(WHEN.minusSeconds(9)));
  }

  @Test
  void newClassesWithTooFewImagesWait() throws Exception {
    List<TrainingFiles.Row> rows = new ArrayList<>();
    IntStream.range(0, 9).forEach(i -> rows.add(TrainingFiles.row("heron" + i, "heron", i)));
    IntStream.range(0, 10).forEach(i -> rows.add(TrainingFiles.row("owl" + i, "owl", i)));
    rows.add(TrainingFiles.row("cat0", "Cat", 1));
    TrainingFiles.write(folder, "part-1.avro", rows.toArray(TrainingFiles.Row[]::new));
    StoredRuns runs =
        new StoredRuns(folder, Settings.defaults().get(TrainingStoreSettings.class), 10);
    assertThat(runs.counts(List.of("cat", "dog")).waiting())
        .containsExactly("heron has 9 readable images and needs 10");
    TrainingFiles.write(folder, "part-2.avro", TrainingFiles.row("heron9", "Heron", 20));
    assertThat(runs.counts(List.of("dog")).waiting())
        .containsExactly("Cat has 1 readable images and needs 10");
  }

  @Test
  void ofManyWaitingClassesTheLargestAreNamed() throws Exception {
    List<TrainingFiles.Row> rows = new ArrayList<>();
    IntStream.range(0, 12).forEach(i -> rows.add(TrainingFiles.row("a" + i, "class" + i, i)));
    rows.add(TrainingFiles.row("b", "class11", 20));
    TrainingFiles.write(folder, "part-1.avro", rows.toArray(TrainingFiles.Row[]::new));
    assertThat(
            new StoredRuns(folder, Settings.defaults().get(TrainingStoreSettings.class), 10)
                .counts(List.of())
                .waiting())
        .hasSize(11)
        .startsWith("class11 has 2 readable images and needs 10")
        .endsWith("and 2 more classes");
  }

  @Test
  void aRunExistsFromItsManifestOnAndAfterItsOutcome() throws Exception {
    StoredRuns first =
        new StoredRuns(folder, Settings.defaults().get(TrainingStoreSettings.class), 10);
    StoredRuns runs = InstantiationUtil.clone(first);
    assertThat(runs.counts(List.of())).isEqualTo(StoreCounts.NONE);
    runs.begin(run("v1"), Set.of());
    assertThat(runs.runs()).containsExactly(run("v1"));
    assertThat(runs.unfinished()).contains(run("v1"));
    assertThat(runs.attempt("v1")).isEqualTo(1);
    assertThat(runs.attempt("v1")).isEqualTo(2);
    runs.cancelled("v1", 2);
    assertThat(runs.attempt("v1")).isEqualTo(2);
    runs.end(new RunOutcome("v1", ModelStatus.PROMOTED, "better", WHEN));
    runs.end(new RunOutcome("v1", ModelStatus.REJECTED, "too late", WHEN));
    assertThat(first.unfinished()).isEmpty();
    runs.begin(run("v2"), Set.of());
    assertThat(first.runs()).containsExactly(run("v1"), run("v2"));
    assertThat(first.unfinished()).contains(run("v2"));
    assertThat(folder.resolve("runs/v1.outcome.json")).content().contains("promoted");
  }
}
