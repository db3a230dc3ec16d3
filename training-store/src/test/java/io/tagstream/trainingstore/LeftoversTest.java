package io.tagstream.trainingstore;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {
  private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
  private static final String ONE = "part-0b8eb5a5-1d5f-4c1e-9b8a-8f3f0d0a5a01-1";
  private static final String TWELVE = "part-0b8eb5a5-1d5f-4c1e-9b8a-8f3f0d0a5a01-12";
  private static final String IN_PROGRESS = ".avro.inprogress.aaaaaaaa-1d5f-4c1e-9b8a-8f3f0d0a5a01";

  @TempDir private Path folder;

  private void write(String name, Duration age) throws IOException {
    Path file = Files.write(folder.resolve(name), new byte[10]);
    Files.setLastModifiedTime(file, FileTime.from(NOW.minus(age)));
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void onlyOldHiddenFilesThatNoSnapshotNamesAreDeleted() throws Exception {
    write(".." + ONE + IN_PROGRESS, Duration.ofDays(2));
    write(".." + TWELVE + IN_PROGRESS, Duration.ofDays(2));
    write("." + ONE + ".avro", Duration.ofDays(2));
    write(".compacted-" + ONE + IN_PROGRESS, Duration.ofDays(2));
    write(".merged-aaaaaaaa-1d5f-4c1e-9b8a-8f3f0d0a5a01.avro.tmp", Duration.ofDays(2));
    write(".train-aaaaaaaa-1d5f-4c1e-9b8a-8f3f0d0a5a01.avro.tmp", Duration.ofHours(23));
    write("..part-aaaaaaaa-1d5f-4c1e-9b8a-8f3f0d0a5a01-3" + IN_PROGRESS, Duration.ofHours(23));
    write("compacted-" + ONE + ".avro", Duration.ofDays(2));
    write(".job", Duration.ofDays(2));
    write(".nfs0001", Duration.ofDays(2));
    Leftovers.remove(folder, () -> Optional.of(Set.of(TWELVE)), NOW);
    assertThat(names())
        .containsExactly(
            ".." + TWELVE + IN_PROGRESS,
            "..part-aaaaaaaa-1d5f-4c1e-9b8a-8f3f0d0a5a01-3" + IN_PROGRESS,
            ".job",
            ".nfs0001",
            ".train-aaaaaaaa-1d5f-4c1e-9b8a-8f3f0d0a5a01.avro.tmp",
            "compacted-" + ONE + ".avro");
  }

  @Test
  void allFilesOfTheSinkStayIfASnapshotCannotBeRead() throws Exception {
    write(".." + ONE + IN_PROGRESS, Duration.ofDays(2));
    Leftovers.remove(
        folder,
        () -> {
          throw new UserException("as the test wants it");
        },
        NOW);
    assertThat(names()).hasSize(1);
  }

  @Test
  void snapshotsAreReadOnlyIfThereAreHiddenFilesOfTheSink() throws Exception {
    write(".." + ONE + IN_PROGRESS, Duration.ofHours(1));
    Leftovers.remove(
        folder,
        () -> {
          throw new AssertionError("nothing is old");
        },
        NOW);
    Leftovers.remove(folder.resolve("none"), () -> Optional.of(Set.of()), NOW);
    assertThat(names()).hasSize(1);
  }
}
