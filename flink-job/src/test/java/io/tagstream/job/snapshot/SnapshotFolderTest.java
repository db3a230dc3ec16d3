package io.tagstream.job.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotFolderTest {
  private static final Instant TEN = Instant.parse("2012-12-03T10:00:00Z");

  /** When the snapshots were copied. */
  private static final Instant COPIED = TEN.plusSeconds(3600);

  @TempDir private Path checkpoints;
  private Path job;
  private SnapshotFiles files;
  private SnapshotFolder folder;

  @BeforeEach
  void openFolder() {
    job = checkpoints.resolve("job");
    files = new SnapshotFiles(job);
    folder = new SnapshotFolder(checkpoints.toString(), "job");
  }

  private List<String> newestFirst() {
    return folder.newestFirst(Instant.EPOCH).stream()
        .map(snapshot -> snapshot.location().replaceFirst("^file:", ""))
        .toList();
  }

  @Test
  void aCopyHasTheAgeOfItsOriginal() throws Exception {
    files.write("a/chk-7", TEN, COPIED);
    Snapshot snapshot = folder.newest(Instant.EPOCH).orElseThrow();
    assertThat(snapshot.takenAt()).isEqualTo(TEN);
    assertThat(folder.newest(TEN.plusSeconds(1))).isEmpty();
  }

  @Test
  void aSnapshotOfAnEarlierReleaseHasTheAgeOfItsFile() throws Exception {
    files.withoutRecord("a/chk-7", TEN);
    assertThat(folder.newest(Instant.EPOCH).orElseThrow().takenAt()).isEqualTo(TEN);
  }

  @Test
  void theOrderOfCopyingDoesNotMatter() throws Exception {
    String ninth = files.write("a/chk-9", TEN.plusSeconds(9), COPIED.plusSeconds(1));
    String tenth = files.write("a/chk-10", TEN.plusSeconds(10), COPIED);
    String savepoint = files.write("savepoint-aa-1", TEN.plusSeconds(8), COPIED.plusSeconds(2));
    String first = files.write("b/chk-1", TEN.plusSeconds(20), COPIED.minusSeconds(1));
    assertThat(newestFirst()).containsExactly(first, tenth, ninth, savepoint);
  }

  @Test
  void inOneRunTheHighestIdIsTheNewestForEarlierReleasesToo() throws Exception {
    String ninth = files.withoutRecord("a/chk-9", COPIED.plusSeconds(1));
    String tenth = files.withoutRecord("a/chk-10", COPIED);
    assertThat(newestFirst()).containsExactly(tenth, ninth);
  }

  @Test
  void tidyingKeepsTheNewestFewAndAllSavepoints() throws Exception {
    String eighth = files.write("a/chk-8", TEN.plusSeconds(8), TEN);
    String ninth = files.write("a/chk-9", TEN.plusSeconds(9), TEN);
    String savepoint = files.write("savepoint-aa-1", TEN.plusSeconds(10), TEN);
    String first = files.write("b/chk-11", TEN.plusSeconds(20), TEN);
    String second = files.write("b/chk-12", TEN.plusSeconds(25), TEN);
    folder.tidy(3);
    assertThat(newestFirst()).containsExactly(second, first, savepoint);
    assertThat(Path.of(eighth)).doesNotExist();
    assertThat(Path.of(ninth)).doesNotExist();
  }

  @Test
  void tidyingRemovesRunFoldersThatNoSnapshotRefersTo() throws Exception {
    Files.createDirectories(job.resolve("empty-run/shared"));
    Files.createDirectories(job.resolve("empty-run/taskowned"));
    Files.createDirectories(job.resolve("left-run/shared"));
    Files.createFile(job.resolve("left-run/shared/state"));
    Files.createDirectories(job.resolve("kept-run/shared"));
    Files.createFile(job.resolve("kept-run/shared/state"));
    String checkpoint = files.write("kept-run/chk-1", TEN, TEN);
    Files.createDirectories(job.resolve("suspects"));
    Files.createFile(job.resolve("suspects/0"));
    folder.tidy(3);
    assertThat(job.resolve("empty-run")).doesNotExist();
    assertThat(job.resolve("left-run")).doesNotExist();
    assertThat(job.resolve("kept-run/shared/state")).exists();
    assertThat(job.resolve("suspects/0")).exists();
    assertThat(newestFirst()).containsExactly(checkpoint);
  }

  @Test
  void tidyingKeepsWhatASnapshotOfALaterRunRefersTo() throws Exception {
    String run = "0123456789abcdef0123456789abcdef";
    Files.createDirectories(job.resolve(run).resolve("shared"));
    Files.createFile(job.resolve(run).resolve("shared/state"));
    files.referringTo("c/chk-1", TEN, job.resolve(run).resolve("shared/state"));
    folder.tidy(3);
    assertThat(job.resolve(run).resolve("shared/state")).exists();
  }

  @Test
  void nothingIsTidiedWhileASnapshotIsDamaged() throws Exception {
    files.damaged("a/chk-1", TEN);
    Files.createDirectories(job.resolve("b/shared"));
    folder.tidy(0);
    assertThat(newestFirst()).hasSize(1);
    assertThat(job.resolve("b/shared")).exists();
  }
}
