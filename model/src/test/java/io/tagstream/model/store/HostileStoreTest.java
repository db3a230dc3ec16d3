package io.tagstream.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store with manipulated content. Reading a device has no end, and opening a pipe blocks until
 * somebody writes to it.
 */
@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileStoreTest {
  private static final String NOTHING =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  @TempDir Path folder;
  private Path models;
  private ModelStore store;
  private String version;

  @BeforeEach
  void store() {
    models = folder.resolve("models");
    store = new ModelStore(models);
    version = store.write(Drafts.tiny(1)).version();
  }

  private Path bundle(String name) {
    return models.resolve(version).resolve(name);
  }

  private void assertRefused(String... message) {
    assertThatThrownBy(() -> store.open(version))
        .isInstanceOf(ModelException.class)
        .hasMessageContainingAll(message);
  }

  private static Path pipe(Path path) throws Exception {
    Files.createDirectories(path.getParent());
    Files.deleteIfExists(path);
    assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor()).isZero();
    return path;
  }

  /** Moves a file out of the store and leaves a link to it. */
  private void replaceByLink(Path file) throws IOException {
    Path outside = Files.move(file, folder.resolve("outside"));
    Files.createSymbolicLink(file, outside);
  }

  /** Makes a sparse file that is large and takes no space. */
  private static void enlarge(Path file, long bytes) throws IOException {
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(bytes);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil",
        "/dev/zero",
        "a/b",
        "..",
        ".",
        "",
        ".hidden",
        "a\\\\b",
        "a\\u0000b",
        "a\\u001b[2J"
      })
  void aBundleNamesFilesOfItsOwn(String name) throws IOException {
    Files.writeString(models.resolve("evil"), "");
    String json = Files.readString(bundle("model.json"));
    Files.writeString(
        bundle("model.json"),
        json.replace(
            "\"files\" : {",
            "\"files\" : { \"%s\" : {\"bytes\" : 0, \"sha256\" : \"%s\"},"
                .formatted(name, NOTHING)));
    assertRefused("model.json", "it lists the file '");
    Path target = folder.resolve("target").resolve("exported");
    assertThatThrownBy(() -> store.export(version, target)).isInstanceOf(ModelException.class);
    assertThat(folder.resolve("target").resolve("evil")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.onnx", "labels.txt", "model.json"})
  void aBundlesFilesAreNoLinks(String name) throws IOException {
    replaceByLink(bundle(name));
    assertRefused(name, "it is a link");
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.onnx", "labels.txt", "model.json"})
  void aBundlesFilesAreNoPipes(String name) throws Exception {
    pipe(bundle(name));
    assertRefused(name, "a pipe or a device");
  }

  @Test
  void labelsAreNotReadWithoutEnd() throws IOException {
    enlarge(bundle("labels.txt"), 1L << 40);
    assertThatThrownBy(() -> store.labels(version))
        .isInstanceOf(ModelException.class)
        .hasMessageContainingAll("labels.txt", "more than 4194304 bytes");
  }

  @Test
  void aLabelIsNotAPage() throws IOException {
    Files.writeString(bundle("labels.txt"), "a\n" + "x".repeat(1001) + "\n");
    assertThatThrownBy(() -> store.labels(version))
        .hasMessageContainingAll("labels.txt", "label 2 has 1001 characters, at most 1000");
  }

  @Test
  void metadataIsNotReadWithoutEnd() throws IOException {
    enlarge(bundle("model.json"), 1L << 40);
    assertRefused("model.json", "more than 67108864 bytes");
  }

  @Test
  void whatIsLiveIsAShortRegularFile() throws Exception {
    Path live = models.resolve("live");
    replaceByLink(live);
    assertThatThrownBy(store::live).hasMessageContainingAll("live", "it is a link");
    pipe(live);
    assertThatThrownBy(store::live).hasMessageContainingAll("live", "a pipe or a device");
    Files.delete(live);
    enlarge(live, 1L << 40);
    assertThatThrownBy(store::live).hasMessageContaining("does not name a version");
    Files.write(live, new byte[] {(byte) 0xff, (byte) 0x9b});
    assertThatThrownBy(store::live).hasMessageContaining("does not name a version");
    store.promote(version, "ann");
    assertThat(store.live()).isEqualTo(version);
  }

  @Test
  void whatHappenedIsReadFromRegularFiles() throws Exception {
    pipe(models.resolve("history").resolve("20990101T000000.000Z-0000.json"));
    assertThatThrownBy(store::history).hasMessageContaining("a pipe or a device");
    pipe(models.resolve("pins").resolve("job"));
    assertThatThrownBy(() -> store.pins().pinned()).hasMessageContaining("a pipe or a device");
    pipe(models.resolve("live-accuracy.json"));
    assertThatThrownBy(store::liveAccuracy).hasMessageContaining("a pipe or a device");
    pipe(models.resolve("status").resolve("job.json"));
    assertThatThrownBy(() -> JobStatus.read(models, "job"))
        .hasMessageContaining("a pipe or a device");
    pipe(models.resolve("status").resolve("retraining").resolve("job.json"));
    assertThatThrownBy(() -> RetrainStatus.read(models, "job"))
        .hasMessageContaining("a pipe or a device");
  }

  @Test
  void aStatusIsOneOfTheStore() throws IOException {
    Files.writeString(folder.resolve("secret.json"), "{}");
    assertThatThrownBy(() -> RetrainStatus.read(models, "../../secret"))
        .isInstanceOf(ModelException.class)
        .hasMessage("'../../secret' is not a job's name");
    assertThatThrownBy(() -> JobStatus.read(models, "../../secret"))
        .isInstanceOf(ModelException.class)
        .hasMessage("'../../secret' is not a job's name");
  }

  @Test
  void whatLiesBesideTheStatusIsNoJobs() throws IOException {
    Path status = Files.createDirectories(models.resolve("status"));
    Files.writeString(status.resolve("my notes.json"), "{}");
    Files.writeString(status.resolve("job.json"), "{}");
    assertThat(JobStatus.jobs(models)).containsExactly("job");
  }

  @Test
  void aRunsFolderIsNoLink() throws IOException {
    Path precious = Files.createDirectories(folder.resolve("precious"));
    Files.writeString(precious.resolve("thesis.txt"), "years of work");
    String run = store.newVersion();
    Path link = models.resolve("runs").resolve(run);
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, precious);

    assertThatThrownBy(() -> RunFolder.open(store, run)).hasMessageContaining("it is a link");
    RunFolder.removeAbandoned(store, Duration.ofDays(-1));
    assertThat(link).doesNotExist();
    assertThat(precious.resolve("thesis.txt")).hasContent("years of work");
  }

  @Test
  void aRunsFilesAreNoPipes() throws Exception {
    String run = store.newVersion();
    Path runs = models.resolve("runs").resolve(run);
    pipe(runs.resolve("lock"));
    assertThatThrownBy(() -> RunFolder.open(store, run)).hasMessageContaining("a pipe or a device");
    Files.delete(runs.resolve("lock"));
    try (RunFolder opened = RunFolder.open(store, run).orElseThrow()) {
      pipe(runs.resolve("run.json"));
      assertThatThrownBy(() -> opened.description(Position.class))
          .hasMessageContaining("a pipe or a device");
      pipe(runs.resolve("checkpoint"));
      assertThatThrownBy(() -> opened.restore(Position.class, (position, in) -> {}))
          .hasMessageContaining("a pipe or a device");
    }
  }

  record Position(int epoch) {}

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 30})
  void aCheckpointsHeaderIsShort(int length) throws IOException {
    String run = store.newVersion();
    try (RunFolder opened = RunFolder.open(store, run).orElseThrow()) {
      try (OutputStream file =
              Files.newOutputStream(models.resolve("runs").resolve(run).resolve("checkpoint"));
          DataOutputStream out = new DataOutputStream(file)) {
        out.writeInt(0x54534331);
        out.writeInt(length);
      }
      assertThatThrownBy(() -> opened.restore(Position.class, (position, in) -> {}))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("its header is damaged");
    }
  }

  @Test
  void anImportFollowsItsUsersLinksButOpensNoPipe() throws Exception {
    Path exported = folder.resolve("exported");
    store.export(version, exported);
    Path link = Files.createSymbolicLink(folder.resolve("m.onnx"), exported.resolve("model.onnx"));
    Path names = Files.write(folder.resolve("names"), Drafts.LABELS);
    Path labels = Files.createSymbolicLink(folder.resolve("labels"), names);
    ModelBundle imported = new ModelImport(link, Optional.of(labels), Optional.empty()).into(store);
    assertThat(imported.labels()).isEqualTo(Drafts.LABELS);

    Path pipe = pipe(folder.resolve("pipe"));
    for (ModelImport wrong :
        List.of(
            new ModelImport(pipe, Optional.empty(), Optional.empty()),
            new ModelImport(link, Optional.of(pipe), Optional.empty()),
            new ModelImport(Path.of("/dev/zero"), Optional.empty(), Optional.empty()),
            new ModelImport(link, Optional.of(Path.of("/dev/zero")), Optional.empty()))) {
      assertThatThrownBy(() -> wrong.into(store))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("a pipe or a device");
    }
    assertThat(store.versions()).hasSize(2).containsAll(Set.of(version, imported.version()));
  }
}
