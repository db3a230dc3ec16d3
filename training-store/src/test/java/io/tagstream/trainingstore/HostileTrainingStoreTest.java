package io.tagstream.trainingstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.settings.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training store with files that no program of ours writes. */
@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileTrainingStoreTest {
  private static final String MANIFEST =
      """
      {"version": "%s", "parent": "v0", "started": "2012-12-03T10:00:00Z", "cause": "request",
       "reason": "", "requests": [], "newLabels": 1, "leftOut": [],
       "files": [{"name": "%s", "rows": 1, "bytes": 1, "parts": []}]}
      """;

  @TempDir Path folder;
  private Path runs;
  private TrainingStore store;

  @BeforeEach
  void store() throws Exception {
    Path root = Files.createDirectories(folder.resolve("store"));
    runs = Files.createDirectories(root.resolve("runs"));
    store = new TrainingStore(root);
  }

  private static Path pipe(Path path) throws Exception {
    Files.deleteIfExists(path);
    assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor()).isZero();
    return path;
  }

  @Test
  void aFileThatIsNotRegularIsSkippedAndReported() throws Exception {
    Path outside = Files.writeString(folder.resolve("outside.avro"), "rows");
    Files.createSymbolicLink(folder.resolve("store/link.avro"), outside);
    pipe(folder.resolve("store/pipe.avro"));
    Files.writeString(folder.resolve("store/two\nlines.avro"), "rows");
    assertThat(store.list().unusable())
        .extracting(UnusableFile::toString)
        .containsExactly(
            "link.avro: it is a link, and only regular files are read",
            "pipe.avro: it is not a regular file",
            "two\nlines.avro: its name has characters that are not allowed in the store");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../outside.avro", "/dev/zero", "a/b.avro", "..", "", ".hidden", "a\\\\b"})
  void aManifestNamesFilesOfTheStore(String name) throws Exception {
    Files.writeString(runs.resolve("v1.json"), MANIFEST.formatted("v1", name));
    assertThatThrownBy(() -> store.runs().find("v1"))
        .isInstanceOf(UserException.class)
        .hasMessageContainingAll("v1.json", "it names the file '");
  }

  @Test
  void aManifestMustBeNamedAfterItsVersion() throws Exception {
    Files.writeString(runs.resolve("v1.json"), MANIFEST.formatted("../../evil", "a.avro"));
    assertThatThrownBy(() -> store.runs().unfinished())
        .isInstanceOf(UserException.class)
        .hasMessageContainingAll("v1.json", "'../../evil'");
  }

  @Test
  void aFileThatIsNotAManifestIsNoRun() throws Exception {
    Files.writeString(runs.resolve("my notes.json"), "{}");
    Files.writeString(runs.resolve("v1.json"), MANIFEST.formatted("v1", "a.avro"));
    assertThat(store.runs().versions()).containsExactly("v1");
    assertThat(store.runs().unfinished())
        .extracting(manifest -> manifest.run().version())
        .containsExactly("v1");
    assertThat(store.runs().parts()).isEmpty();
    assertThat(store.runs().find("my notes")).isEqualTo(Optional.empty());
    assertThat(store.runs().begin(run("v2"))).isTrue();
  }

  private static RunManifest run(String version) {
    return new RunManifest(
        new RetrainRun(
            version,
            "v1",
            Instant.EPOCH,
            RetrainRun.Cause.REQUEST,
            "",
            List.of(),
            Optional.empty()),
        0,
        List.of(),
        List.of());
  }

  @Test
  void aPipeDoesNotBlock() throws Exception {
    pipe(runs.resolve("v1.json"));
    assertThatThrownBy(() -> store.runs().find("v1"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("a pipe or a device");
    pipe(folder.resolve("store/.job"));
    assertThatThrownBy(() -> store.claim("tagstream", "cluster-1", folder.resolve("models")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("a pipe or a device");
  }
}
