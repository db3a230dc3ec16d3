package io.tagstream.trainingstore;

import static io.tagstream.trainingstore.StoreRows.row;
import static io.tagstream.trainingstore.StoreRows.withdrawal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.training.Dataset;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.settings.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingStoreTest {
  @TempDir private Path folder;
  private TrainingStore store = new TrainingStore(Path.of(""));

  @BeforeEach
  void open() {
    store = new TrainingStore(folder);
  }

  private ImageCollection all() {
    return store.read(store.list().files());
  }

  private List<String> labels() {
    return all().images().stream().map(image -> image.id() + "=" + image.label()).toList();
  }

  @Test
  void aMissingStoreIsEmpty() {
    Listing listing = new TrainingStore(folder.resolve("none")).list();
    assertThat(listing).isEqualTo(new Listing(List.of(), List.of(), List.of()));
    assertThat(listing.rows()).isZero();
  }

  @Test
  void aStoreBelongsToOneJob() {
    Path models = folder.resolveSibling("models");
    store.claim("shop", "cluster-1", models);
    new TrainingStore(folder).claim("shop", "cluster-1", models);
    assertThatThrownBy(() -> store.claim("newsroom", "cluster-1", models))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("belongs to job shop, not newsroom")
        .hasMessageContaining("delete " + folder.resolve(".job"));
    assertThat(store.list()).isEqualTo(new Listing(List.of(), List.of(), List.of()));
  }

  /** Different jobs may share the default name. */
  @Test
  void aStoreBelongsToOneClusterAndOneModelStore() {
    Path models = folder.resolveSibling("models");
    store.claim("tagstream", "cluster-1", models);
    assertThatThrownBy(() -> store.claim("tagstream", "cluster-2", models))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(
            "belongs to job tagstream on the Kafka cluster cluster-1, not cluster-2")
        .hasMessageContaining("delete " + folder.resolve(".job"));
    assertThatThrownBy(() -> store.claim("tagstream", "cluster-1", folder.resolveSibling("others")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("the models in ../models, not in ../others");
  }

  @Test
  void theOwnerFileOfAnEarlierReleaseIsCompleted() throws Exception {
    Path models = folder.resolveSibling("models");
    Files.writeString(folder.resolve(".job"), "tagstream\n");
    assertThatThrownBy(() -> store.claim("shop", "cluster-1", models))
        .hasMessageContaining("belongs to job tagstream, not shop");
    store.claim("tagstream", "cluster-1", models);
    assertThatThrownBy(() -> store.claim("tagstream", "cluster-2", models))
        .hasMessageContaining("cluster-1, not cluster-2");
  }

  @Test
  void hiddenFilesNeverCount() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1), row("b", "tulips", 2));
    StoreRows.write(folder, ".part-2.avro", row("c", "roses", 3));
    StoreRows.write(folder, ".part-3.avro.inprogress.4711", row("d", "roses", 3));
    StoreRows.write(folder, "_temporary.avro", row("e", "roses", 3));
    Files.createDirectories(folder.resolve(".staging"));
    store.runs().begin(StoreRows.run(store, "v1"));
    Listing listing = store.list();
    assertThat(listing.files()).extracting(StoreFile::name).containsExactly("part-1.avro");
    assertThat(listing.unusable()).isEmpty();
    assertThat(listing.rows()).isEqualTo(2);
  }

  @Test
  void unusableFilesAreReportedWithTheirReason() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1));
    Path cut = StoreRows.write(folder, "part-2.avro", row("b", "roses", 2), row("c", "roses", 3));
    byte[] whole = Files.readAllBytes(cut);
    Files.write(cut, Arrays.copyOf(whole, whole.length - 20));
    Files.writeString(folder.resolve("foreign.avro"), "no container");
    StoreRows.write(folder, "part-3.avro.tmp", row("d", "roses", 3));
    Files.createDirectories(folder.resolve("2026-11-24"));
    Listing listing = store.list();
    assertThat(listing.files()).extracting(StoreFile::name).containsExactly("part-1.avro");
    assertThat(listing.unusable())
        .extracting(UnusableFile::toString)
        .containsExactly(
            "2026-11-24: it is a folder",
            "foreign.avro: it is not an Avro container file",
            "part-2.avro: it is truncated at %d bytes, within the row at %d"
                .formatted(whole.length - 20, rowAt(whole, "c")),
            "part-3.avro.tmp: its name does not end with .avro");

    Files.write(cut, whole);
    assertThat(store.list().files())
        .extracting(StoreFile::name)
        .containsExactly("part-1.avro", "part-2.avro");
  }

  /** The file's blocks can still be counted. */
  @Test
  void aFileWithAnUnreadableRowIsSkippedUntilItIsRepaired() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1));
    Path flipped = StoreRows.write(folder, "part-2.avro", row("b", "roses", 2));
    byte[] whole = Files.readAllBytes(flipped);
    byte[] changed = whole.clone();
    int at = rowAt(whole, "b");
    changed[at + 2] = 0x42;
    Files.write(flipped, changed);
    assertThat(labels()).containsExactly("a=roses");
    assertThat(store.list().unusable())
        .singleElement()
        .asString()
        .startsWith("part-2.avro: the row at %d cannot be read: ".formatted(at));

    Files.write(flipped, whole);
    Files.setLastModifiedTime(flipped, FileTime.fromMillis(1));
    assertThat(labels()).containsExactly("a=roses", "b=roses");
  }

  /** The position of the row with a one-letter id, which begins with the id. */
  private static int rowAt(byte[] file, String id) {
    for (int i = file.length - 3; ; i--) {
      if (file[i] == 2 && file[i + 1] == id.charAt(0) && file[i + 2] == 2) {
        return i;
      }
    }
  }

  @Test
  void theNewestLabelWinsInAnyOrderOfFiles() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "tulips", 20), row("b", "roses", 5));
    StoreRows.write(folder, "part-2.avro", row("a", "roses", 10), row("b", "daisy", 6));
    assertThat(labels()).containsExactly("b=daisy", "a=tulips");
  }

  @Test
  void ofLabelsWithEqualTimesTheLaterOneWins() throws Exception {
    StoreRows.write(folder, "z.avro", row("x", "first", 1), row("a", "one", 7), row("a", "two", 7));
    assertThat(labels()).contains("a=two");
    // Begun later, although its name sorts first.
    StoreRows.write(folder, "a.avro", row("a", "three", 7));
    assertThat(labels()).contains("a=three");
  }

  /**
   * The records of a batch have equal times, and unlike a label a withdrawal does not wait for its
   * image.
   */
  @Test
  void ofLabelsWithEqualTimesInAPartitionTheLaterRecordWins() throws Exception {
    StoreRows.write(folder, "part-1.avro", withdrawal("a", 7).from(5), row("b", "roses", 7));
    StoreRows.write(folder, "part-2.avro", row("a", "roses", 7).from(4));
    assertThat(labels()).containsExactly("b=roses");
    StoreRows.write(folder, "part-3.avro", row("b", "tulips", 7).from(9));
    assertThat(labels()).containsExactly("b=tulips");
  }

  @Test
  void aWithdrawnImageIsExcludedUntilItIsLabelledAgain() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1), row("b", "roses", 2));
    StoreRows.write(folder, "part-2.avro", withdrawal("a", 3), withdrawal("never seen", 3));
    assertThat(labels()).containsExactly("b=roses");
    assertThat(all().withdrawn()).containsExactlyInAnyOrder("a", "never seen");
    StoreRows.write(folder, "part-3.avro", row("a", "tulips", 4));
    assertThat(labels()).containsExactly("b=roses", "a=tulips");
  }

  @Test
  void imagesAreReadAlone() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1), row("b", "tulips", 2));
    StoredImage image = all().images().get(1);
    assertThat(image.content().read()).isEqualTo(StoreRows.picture("b"));
    assertThat(image.content().place()).startsWith(folder.resolve("part-1.avro") + " at ");
    assertThat(image.group()).contains("group of b");
    assertThat(image.sha256()).hasSize(64);
  }

  @Test
  void aChangeOfAFileThatARunReadsIsDetected() throws Exception {
    Path path = StoreRows.write(folder, "part-1.avro", row("a", "roses", 1));
    List<StoreFile> files = store.list().files();
    TrainingStore later = new TrainingStore(folder);
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1), row("b", "roses", 1));
    assertThatThrownBy(() -> later.read(files))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("part-1.avro has 2 rows, not the 1 that it had");
    Files.delete(path);
    assertThatThrownBy(() -> later.read(files))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("part-1.avro is missing");
  }

  @Test
  void labelsBelongToTheClassThatDiffersOnlyInCase() throws Exception {
    StoreRows.write(
        folder,
        "part-1.avro",
        row("a", "ROSES", 1),
        row("b", "Tulips", 2),
        row("c", "tulips", 3),
        row("d", " e\u0301toile ", 4),
        row("e", "\u00c9TOILE", 5),
        row("f", "Daisy", 6));
    Dataset dataset = all().inClasses(List.of("roses", "Roses", "unused"));
    assertThat(dataset.labels())
        .containsExactly("roses", "Roses", "unused", "Daisy", "Tulips", "\u00e9toile");
    assertThat(classes(dataset)).containsExactly("a=0", "b=4", "c=4", "d=5", "e=5", "f=3");
  }

  @Test
  void anExactMatchPrecedesOneThatDiffersInCase() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "Roses", 1), row("b", "roses", 2));
    assertThat(classes(all().inClasses(List.of("roses", "Roses")))).containsExactly("a=1", "b=0");
  }

  private static List<String> classes(Dataset dataset) {
    return dataset.images().stream()
        .map(image -> image.id() + "=" + image.classIndex())
        .sorted()
        .toList();
  }

  /** Our writers never produce such rows. */
  @Test
  void aRowWithoutLabelOrContentIsSkippedAndCounted() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1), row("b", "\u0007", 2));
    assertThat(labels()).containsExactly("a=roses");
    assertThat(all().unusable()).containsExactly("b in part-1.avro");
  }

  @Test
  void newImagesAreThoseThatARunDidNotRead() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1), row("b", "roses", 2));
    RunManifest first = StoreRows.run(store, "v1");
    assertThat(first.newLabels()).isEqualTo(2);
    store.runs().begin(first);
    StoreRows.write(folder, "part-2.avro", row("b", "tulips", 3), row("c", "roses", 1));
    assertThat(all().newSince(first)).containsExactlyInAnyOrder("b", "c");
    assertThat(store.list().rowsOutside(store.runs().parts())).isEqualTo(2);
  }

  @Test
  void imagesOfFailedOrRejectedRunsAreNewToTheNextParent() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1));
    end("v1", ModelStatus.PROMOTED);
    StoreRows.write(folder, "part-2.avro", row("b", "roses", 2));
    end("v2", ModelStatus.REJECTED);
    StoreRows.write(folder, "part-3.avro", row("c", "roses", 3));
    end("v3", ModelStatus.CANDIDATE);
    StoreRows.write(folder, "part-4.avro", row("d", "roses", 4));
    store.runs().begin(StoreRows.run(store, "v4"));
    assertThat(store.newTo("v1", all()).orElseThrow()).containsExactlyInAnyOrder("b", "c", "d");
    // A user promoted it.
    assertThat(store.newTo("v3", all()).orElseThrow()).containsExactly("d");
    assertThat(store.newTo("imported", all())).isEmpty();
    assertThat(store.newTo("no version's name", all())).isEmpty();
  }

  private void end(String version, ModelStatus status) {
    store.runs().begin(StoreRows.run(store, version));
    store.runs().end(new RunOutcome(version, status, "", Instant.ofEpochMilli(9)));
  }

  @Test
  void aMergedFileReplacesItsParts() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1), row("b", "roses", 2));
    RunManifest first = StoreRows.run(store, "v1");
    StoreRows.write(folder, "part-2.avro", row("c", "roses", 3));
    StoreRows.write(
        folder,
        "merged-1.avro",
        StoreRows.joinedEarlier(
            new StoreFile.Part("part-1.avro", 2), new StoreFile.Part("part-2.avro", 1)),
        List.of(row("a", "roses", 1), row("b", "roses", 2), row("c", "roses", 3)));
    Listing listing = store.list();
    assertThat(listing.files()).extracting(StoreFile::name).containsExactly("merged-1.avro");
    assertThat(listing.merged())
        .extracting(StoreFile::name)
        .containsExactly("part-1.avro", "part-2.avro");
    assertThat(listing.rows()).isEqualTo(3);
    assertThat(listing.rowsOutside(first.parts())).isEqualTo(1);
    assertThat(all().newSince(first)).containsExactly("c");
  }

  /** Without superseded rows it has fewer parts than the files that it replaces. */
  @Test
  void aFileReplacesThoseThatItNames() throws Exception {
    StoreRows.write(
        folder,
        "merged-1.avro",
        StoreRows.joinedEarlier(
            new StoreFile.Part("part-1.avro", 1), new StoreFile.Part("part-2.avro", 1)),
        List.of(row("a", "roses", 1), row("b", "roses", 2)));
    StoreRows.write(
        folder,
        "merged-2.avro",
        MergedParts.write(
            List.of(new StoreFile.Part("part-2.avro", 1)), List.of("merged-1.avro", "gone.avro")),
        List.of(row("b", "roses", 2)));
    StoreRows.write(folder, "part-3.avro", row("a", "tulips", 3));
    assertThat(store.list().files())
        .extracting(StoreFile::name)
        .containsExactly("merged-2.avro", "part-3.avro");
    assertThat(store.list().merged()).extracting(StoreFile::name).containsExactly("merged-1.avro");
    assertThat(labels()).containsExactly("b=roses", "a=tulips");
  }

  @Test
  void aMergedFileThatLacksRowsIsNotUsed() throws Exception {
    StoreRows.write(
        folder,
        "merged-1.avro",
        StoreRows.joinedEarlier(new StoreFile.Part("part-1.avro", 2)),
        List.of(row("a", "roses", 1)));
    assertThat(store.list().unusable())
        .singleElement()
        .asString()
        .contains("has 1 rows, but its parts have 2");
  }

  @Test
  void aRunBeginsOnceAndEndsOnce() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1));
    Files.writeString(folder.resolve("notes.txt"), "");
    RetrainRuns runs = store.runs();
    RunManifest first = StoreRows.run(store, "20261124T103000.123Z-4f2a");
    assertThat(runs.begin(first)).isTrue();
    StoreRows.write(folder, "part-2.avro", row("b", "roses", 2));
    assertThat(runs.begin(StoreRows.run(store, "20261124T103000.123Z-4f2a"))).isFalse();
    RunManifest second = StoreRows.run(store, "20261124T103000.124Z-0000");
    runs.begin(second);

    RetrainRuns again = new TrainingStore(folder).runs();
    assertThat(again.versions()).containsExactly(first.run().version(), second.run().version());
    assertThat(again.unfinished()).containsExactly(first, second);
    assertThat(first.leftOut()).extracting(UnusableFile::name).containsExactly("notes.txt");

    RunOutcome outcome =
        new RunOutcome(
            first.run().version(), ModelStatus.PROMOTED, "better", Instant.ofEpochMilli(9));
    assertThat(runs.end(outcome)).isTrue();
    assertThat(
            runs.end(
                new RunOutcome(
                    first.run().version(), ModelStatus.REJECTED, "worse", Instant.ofEpochMilli(9))))
        .isFalse();
    assertThat(folder.resolve("runs/" + first.run().version() + ".outcome.json"))
        .content()
        .contains("\"promoted\"", "better")
        .doesNotContain("worse");
    assertThat(again.ended(first.run().version())).isTrue();
    assertThat(again.ended(second.run().version())).isFalse();
    assertThat(again.unfinished()).containsExactly(second);
  }

  /** A manifest as earlier releases wrote it, plus an unknown field. */
  @Test
  void aManifestIsOneObjectWithStableKeys() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1));
    RunManifest manifest = StoreRows.run(store, "v1");
    store.runs().begin(manifest);
    Path file = folder.resolve("runs/v1.json");
    String text =
        """
        {
          "version" : "v1",
          "parent" : "v0",
          "started" : "1970-01-01T00:00:00.001Z",
          "cause" : "labels",
          "reason" : "200 new labels",
          "requests" : [ "r1" ],
          "fallSeenUpTo" : "1970-01-01T00:00:00.002Z",
          "newLabels" : 1,
          "files" : [ {
            "name" : "part-1.avro",
            "rows" : 1,
            "bytes" : %d,
            "parts" : [ {
              "name" : "part-1.avro",
              "rows" : 1
            } ]
          } ],
          "leftOut" : [ ]
        }
        """
            .formatted(Files.size(folder.resolve("part-1.avro")));
    assertThat(file).content().isEqualTo(text);
    Files.writeString(file, text.replaceFirst("\\{", "{ \"later\" : { \"a\" : [ 1 ] },"));
    assertThat(store.runs().find("v1")).contains(manifest);
  }

  @Test
  void attemptsAreCountedUnlessTheyWereCancelled() {
    RetrainRuns runs = store.runs();
    assertThat(runs.attempt("v1")).isEqualTo(1);
    assertThat(runs.attempt("v1")).isEqualTo(2);
    runs.cancelled("v1", 2);
    assertThat(runs.attempt("v1")).isEqualTo(2);
    assertThat(runs.attempt("v2")).isEqualTo(1);
  }

  @Test
  void aMalformedManifestIsReported() throws Exception {
    Files.createDirectories(folder.resolve("runs"));
    Files.writeString(folder.resolve("runs/v1.json"), "{\"version\": 3, \"files\": 4}");
    assertThatThrownBy(() -> store.runs().parts())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("runs/v1.json: files:");
  }
}
