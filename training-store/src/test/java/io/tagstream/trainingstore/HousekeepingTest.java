package io.tagstream.trainingstore;

import static io.tagstream.trainingstore.StoreRows.row;
import static io.tagstream.trainingstore.StoreRows.withdrawal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.schemas.ModelStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HousekeepingTest {
  private static final Instant LATER = Instant.EPOCH.plus(Duration.ofDays(3));
  private static final int NEVER = Integer.MAX_VALUE;

  @TempDir private Path folder;
  private TrainingStore store = new TrainingStore(Path.of(""));

  @BeforeEach
  void open() {
    store = new TrainingStore(folder);
  }

  private List<String> names() {
    return store.list().files().stream().map(StoreFile::name).toList();
  }

  private List<String> labels() {
    return store.read(store.list().files()).images().stream()
        .map(image -> image.id() + "=" + image.label())
        .toList();
  }

  @Test
  void theOldestFilesAreDeletedFirst() throws Exception {
    StoreRows.write(folder, "c.avro", row("a", "roses", 1), row("b", "roses", 2));
    StoreRows.write(folder, "b.avro", row("c", "roses", 3));
    StoreRows.write(folder, "a.avro", row("d", "roses", 4), row("e", "roses", 5));
    Housekeeping.in(store, 5, NEVER);
    assertThat(names()).containsExactly("a.avro", "b.avro", "c.avro");
    Housekeeping.in(store, 4, NEVER);
    assertThat(names()).containsExactly("a.avro", "b.avro");
    Housekeeping.in(store, 2, NEVER);
    assertThat(names()).containsExactly("a.avro");
    assertThat(Files.exists(folder.resolve("c.avro"))).isFalse();
  }

  @Test
  void theFilesOfAnUnfinishedRunStay() throws Exception {
    StoreRows.write(folder, "a.avro", row("a", "roses", 1));
    store.runs().begin(StoreRows.run(store, "v1"));
    StoreRows.write(folder, "b.avro", row("b", "roses", 2));
    StoreRows.write(folder, "c.avro", row("c", "roses", 3));
    Housekeeping.in(store, 1, 2);
    // The run's file stays, so the newest one exceeds the limit.
    assertThat(names()).containsExactly("a.avro");
    store.runs().end(new RunOutcome("v1", ModelStatus.PROMOTED, "better", Instant.ofEpochMilli(1)));
    StoreRows.write(folder, "d.avro", row("d", "roses", 4));
    Housekeeping.in(store, 1, 2);
    assertThat(names()).containsExactly("d.avro");
  }

  @Test
  void aWithdrawnImageStaysWithdrawn() throws Exception {
    // The withdrawal is in the older file, because rows do not arrive in order.
    StoreRows.write(folder, "a.avro", row("other", "roses", 1), withdrawal("x", 5));
    StoreRows.write(folder, "b.avro", row("x", "roses", 4), row("new", "roses", 9));
    Housekeeping.in(store, 2, NEVER);
    assertThat(names()).containsExactly("a.avro");
    assertThat(labels()).containsExactly("other=roses");
  }

  @Test
  void anImageLabelledSeveralTimesCountsOnce() throws Exception {
    StoreRows.write(folder, "a.avro", row("x", "roses", 1), row("y", "roses", 2));
    for (int i = 0; i < 5; i++) {
      // Other bytes may arrive under the same id.
      StoreRows.write(folder, "b%d.avro".formatted(i), row("x", "tulips", 3 + i).showing("v" + i));
    }
    Housekeeping.in(store, 2, NEVER);
    assertThat(labels()).containsExactly("y=roses", "x=tulips");
    assertThat(names()).containsExactly("a.avro", "b4.avro");
    StoreRows.write(folder, "c.avro", row("z", "roses", 9));
    Housekeeping.in(store, 2, NEVER);
    assertThat(labels()).containsExactly("x=tulips", "z=roses");
  }

  private static String large(String what) {
    return what.repeat(10_000);
  }

  private long bytes() {
    return store.list().files().stream().mapToLong(StoreFile::bytes).sum();
  }

  @Test
  void theBytesOfAnImageLabelledAgainAreKeptOnce() throws Exception {
    StoreRows.write(
        folder,
        "a.avro",
        row("x", "roses", 1).showing(large("picture x ")),
        row("y", "roses", 2).showing(large("picture y ")));
    RunManifest first = StoreRows.run(store, "v1");
    StoreRows.write(folder, "b.avro", row("x", "tulips", 3).showing(large("picture x ")));
    StoreRows.write(folder, "c.avro", row("x", "daisy", 4).showing(large("picture x ")));
    assertThat(bytes()).isGreaterThan(400_000);

    Housekeeping.in(store, 100, NEVER);
    assertThat(labels()).containsExactly("y=roses", "x=daisy");
    assertThat(bytes()).isBetween(200_000L, 210_000L);
    assertThat(store.list().rows()).isEqualTo(2);
    assertThat(names())
        .satisfiesExactly(
            name -> assertThat(name).isEqualTo("c.avro"),
            name -> assertThat(name).startsWith("merged-"));
    ImageCollection collection = store.read(store.list().files());
    assertThat(collection.newSince(first)).containsExactly("x");
    assertThat(collection.images().get(0).content().read())
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(large("picture y "));
    List<String> names = names();
    Housekeeping.in(store, 100, NEVER);
    assertThat(names()).isEqualTo(names);
  }

  @Test
  void aFileWithFewSupersededRowsIsNotRewritten() throws Exception {
    StoreRows.write(
        folder,
        "a.avro",
        row("u", "roses", 1).showing(large("u")),
        row("v", "roses", 2).showing(large("v")),
        row("w", "roses", 3).showing(large("w")),
        row("x", "roses", 4).showing(large("x")),
        row("y", "roses", 5).showing(large("y")));
    StoreRows.write(folder, "b.avro", row("x", "tulips", 6).showing(large("x")));
    Housekeeping.in(store, 100, NEVER);
    assertThat(names()).containsExactly("a.avro", "b.avro");
    // When the file is merged anyway, the row is dropped.
    Housekeeping.in(store, 100, 2);
    assertThat(store.list().rows()).isEqualTo(5);
    assertThat(labels()).containsExactly("u=roses", "v=roses", "w=roses", "y=roses", "x=tulips");
  }

  @Test
  void theBytesOfAWithdrawnImageAreDroppedAndItsWithdrawalStays() throws Exception {
    StoreRows.write(folder, "a.avro", row("x", "roses", 1));
    StoreRows.write(folder, "b.avro", withdrawal("x", 2), row("y", "roses", 3));
    Housekeeping.in(store, 100, NEVER);
    assertThat(names()).containsExactly("b.avro");
    // Labels do not arrive in order.
    StoreRows.write(folder, "c.avro", row("x", "tulips", 1));
    assertThat(labels()).containsExactly("y=roses");
  }

  @Test
  void supersededRowsThatAnUnfinishedRunReadsStay() throws Exception {
    StoreRows.write(folder, "a.avro", row("x", "roses", 1));
    store.runs().begin(StoreRows.run(store, "v1"));
    StoreRows.write(folder, "b.avro", row("x", "tulips", 2));
    Housekeeping.in(store, 100, 2);
    assertThat(names()).containsExactly("a.avro", "b.avro");
    RunManifest manifest = store.runs().find("v1").orElseThrow();
    assertThat(store.read(manifest.files()).images())
        .extracting(StoredImage::label)
        .contains("roses");
    store.runs().end(new RunOutcome("v1", ModelStatus.PROMOTED, "better", Instant.ofEpochMilli(1)));
    Housekeeping.in(store, 100, NEVER);
    assertThat(names()).containsExactly("b.avro");
  }

  @Test
  void aDamagedImageStaysKnownAsDamagedWhenItIsCopied() throws Exception {
    Path damaged = StoreRows.write(folder, "a.avro", row("x", "roses", 1));
    StoreRows.write(folder, "b.avro", row("y", "roses", 2));
    byte[] bytes = Files.readAllBytes(damaged);
    int end = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("picture of x");
    bytes[end] = 'P';
    Files.write(damaged, bytes);
    Housekeeping.in(store, 100, 2);
    assertThat(names()).singleElement().asString().startsWith("merged-");
    List<StoredImage> images = store.read(store.list().files()).images();
    assertThat(images.get(1).content().read()).isEqualTo(StoreRows.picture("y"));
    assertThatThrownBy(() -> images.get(0).content().read())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("were changed");
  }

  /** As after a crash between writing the new file and deleting the old ones. */
  @Test
  void replacedFilesAreDeleted() throws Exception {
    StoreRows.write(folder, "a.avro", row("x", "roses", 1), row("y", "roses", 2));
    StoreRows.write(folder, "b.avro", row("x", "tulips", 3));
    StoreRows.write(
        folder,
        "merged-1.avro",
        MergedParts.write(List.of(new StoreFile.Part("a.avro", 1)), List.of("a.avro")),
        List.of(row("y", "roses", 2)));
    Housekeeping.in(store, 2, NEVER);
    assertThat(names()).containsExactly("b.avro", "merged-1.avro");
    assertThat(folder.resolve("a.avro")).doesNotExist();
    assertThat(labels()).containsExactly("y=roses", "x=tulips");
  }

  @Test
  void aCorrectionIsKept() throws Exception {
    StoreRows.write(folder, "a.avro", row("x", "tulips", 5));
    StoreRows.write(folder, "b.avro", row("x", "roses", 4), row("new", "roses", 9));
    store.runs().begin(StoreRows.run(store, "v1"));
    StoreRows.write(folder, "c.avro", row("y", "roses", 10));
    Housekeeping.in(store, 1, NEVER);
    store.runs().end(new RunOutcome("v1", ModelStatus.PROMOTED, "better", Instant.ofEpochMilli(1)));
    assertThat(labels()).contains("x=tulips");
    StoreRows.write(folder, "d.avro", row("z", "roses", 11));
    Housekeeping.in(store, 2, NEVER);
    assertThat(labels()).doesNotContain("x=roses");
  }

  @Test
  void smallFilesAreMergedWithAllRowsThatCount() throws Exception {
    StoreRows.write(
        folder, "b.avro", row("a", "roses", 1), row("e", "roses", 4), row("x", "roses", 5));
    StoreRows.write(folder, "a.avro", row("x", "tulips", 5), withdrawal("a", 6));
    RunManifest first = StoreRows.run(store, "v1");
    StoreRows.write(folder, "c.avro", row("c", "daisy", 7));
    List<String> before = labels();
    Housekeeping.in(store, 100, 4);
    assertThat(names()).containsExactly("a.avro", "b.avro", "c.avro");

    Housekeeping.in(store, 100, 3);
    assertThat(names()).singleElement().asString().startsWith("merged-").endsWith(".avro");
    ImageCollection collection = store.read(store.list().files());
    // The newest row of each image; one of them is a withdrawal.
    assertThat(store.list().rows()).isEqualTo(4);
    assertThat(collection.withdrawn()).containsExactly("a");
    assertThat(labels()).isEqualTo(before).containsExactly("e=roses", "x=tulips", "c=daisy");
    assertThat(collection.newSince(first)).containsExactly("c");
    assertThat(collection.images().get(1).content().read()).isEqualTo(StoreRows.picture("x"));
    assertThat(collection.images().get(1).group()).contains("group of x");
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void mergedFilesAreMergedAgain() throws Exception {
    for (int i = 0; i < 9; i++) {
      StoreRows.write(folder, "part-%d.avro".formatted(i), row("image " + i, "roses", i));
      Housekeeping.in(store, 100, 3);
    }
    assertThat(names()).hasSizeLessThan(3);
    assertThat(store.list().rows()).isEqualTo(9);
    assertThat(store.list().files())
        .flatExtracting(StoreFile::parts)
        .extracting(StoreFile.Part::name)
        .hasSize(9)
        .allMatch(name -> name.startsWith("part-"));
  }

  @Test
  void aFileWithAnUnreadableRowStopsNothing() throws Exception {
    StoreRows.write(folder, "a.avro", row("a", "roses", 1));
    StoreRows.write(folder, "b.avro", row("b", "roses", 2));
    Path foreign = StoreRows.write(folder, "c.avro", row("c", "roses", 3));
    byte[] bytes = Files.readAllBytes(foreign);
    for (int i = 0; i < bytes.length - 2; i++) {
      if (bytes[i] == 2 && bytes[i + 1] == 'c' && bytes[i + 2] == 2) {
        bytes[i + 2] = 0x42;
      }
    }
    Files.write(foreign, bytes);
    Housekeeping.in(store, 1, NEVER);
    assertThat(names()).containsExactly("b.avro");
    assertThat(Files.exists(foreign)).isTrue();
  }

  /** Each run reads one file, so no two runs name the same parts. */
  private void runs(int count) throws Exception {
    for (int i = 1; i <= count; i++) {
      String version = "v" + i;
      String part = "part-%d.avro".formatted(i);
      StoreRows.write(folder, part, row("image " + i, "roses", i));
      RunManifest all = StoreRows.run(store, version);
      store
          .runs()
          .begin(
              new RunManifest(
                  all.run(),
                  1,
                  all.files().stream().filter(file -> file.name().equals(part)).toList(),
                  List.of()));
      int unused = store.runs().attempt(version);
      store.runs().end(new RunOutcome(version, ModelStatus.REJECTED, "worse", Instant.EPOCH));
    }
  }

  private List<String> runFiles() throws Exception {
    try (var files = Files.list(folder.resolve("runs"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void oldRunsAreDeletedButWhatTheyReadIsRemembered() throws Exception {
    runs(4);
    Housekeeping.forgetRuns(store, 2, Set.of("v1"), Instant.EPOCH.plus(Duration.ofDays(1)));
    assertThat(store.runs().versions()).containsExactly("v1", "v2", "v3", "v4");

    Files.delete(folder.resolve("part-2.avro"));
    Housekeeping.forgetRuns(store, 1, Set.of("v1"), LATER);
    assertThat(runFiles())
        .containsExactly(
            "read.json",
            "v1.attempt-1",
            "v1.json",
            "v1.outcome.json",
            "v4.attempt-1",
            "v4.json",
            "v4.outcome.json");
    assertThat(folder.resolve("runs/read.json"))
        .content()
        .contains("part-3.avro")
        .doesNotContain("part-1.avro", "part-2.avro", "part-4.avro");

    StoreRows.write(folder, "part-5.avro", row("image 5", "roses", 5));
    for (TrainingStore any : List.of(store, new TrainingStore(folder))) {
      assertThat(any.runs().unfinished()).isEmpty();
      assertThat(any.list().rowsOutside(any.runs().parts())).isEqualTo(1);
    }
  }

  @Test
  void deletingARunSurvivesACrashAtAnyPoint() throws Exception {
    runs(3);
    // After the first half: the read parts are recorded and a manifest is deleted, but not its
    // notes.
    Files.writeString(
        folder.resolve("runs/read.json"), "{\"parts\": [\"part-1.avro\", \"part-2.avro\"]}");
    Files.delete(folder.resolve("runs/v1.json"));
    TrainingStore next = new TrainingStore(folder);
    assertThat(next.runs().unfinished()).isEmpty();
    assertThat(next.list().rowsOutside(next.runs().parts())).isZero();
    Housekeeping.forgetRuns(next, 1, Set.of(), LATER);
    assertThat(runFiles())
        .containsExactly("read.json", "v3.attempt-1", "v3.json", "v3.outcome.json");
    assertThat(next.list().rowsOutside(next.runs().parts())).isZero();
  }

  @Test
  void thePartsOfAnUnreadRunAreNewUnlessAnotherRunReadThem() throws Exception {
    runs(2);
    StoreRows.write(folder, "part-3.avro", row("image 3", "roses", 3));
    store.runs().begin(StoreRows.run(store, "v3"));
    assertThat(store.list().rowsOutside(store.runs().parts())).isZero();
    store.runs().markUnread("v3");
    for (TrainingStore any : List.of(store, new TrainingStore(folder))) {
      assertThat(any.list().rowsOutside(any.runs().parts())).isEqualTo(1);
    }
    store.runs().end(new RunOutcome("v3", ModelStatus.REJECTED, "no parent", Instant.EPOCH));
    Housekeeping.forgetRuns(store, 0, Set.of(), LATER);
    assertThat(runFiles()).containsExactly("read.json");
    assertThat(store.list().rowsOutside(store.runs().parts())).isEqualTo(1);
  }

  @Test
  void anUnfinishedRunIsNeverDeleted() throws Exception {
    StoreRows.write(folder, "part-0.avro", row("image 0", "roses", 0));
    store.runs().begin(StoreRows.run(store, "v0"));
    runs(2);
    Housekeeping.forgetRuns(store, 1, Set.of(), LATER);
    assertThat(store.runs().versions()).containsExactly("v0", "v2");
  }

  @Test
  void partsOfAnUnreadableFileAreNotNewOnceItIsReadable() throws Exception {
    runs(3);
    Path file = folder.resolve("part-1.avro");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, new byte[3]);
    Housekeeping.forgetRuns(store, 1, Set.of(), LATER);
    Files.write(file, whole);
    assertThat(store.list().rowsOutside(store.runs().parts())).isZero();
  }

  /** As after a crash between writing a merged file and deleting its parts. */
  @Test
  void remainingPartsOfAMergeAreDeleted() throws Exception {
    StoreRows.write(folder, "part-1.avro", row("a", "roses", 1));
    StoreRows.write(folder, "part-2.avro", row("b", "roses", 2));
    StoreRows.write(
        folder,
        "merged-1.avro",
        StoreRows.joinedEarlier(
            new StoreFile.Part("part-1.avro", 1), new StoreFile.Part("part-2.avro", 1)),
        List.of(row("a", "roses", 1), row("b", "roses", 2)));
    Housekeeping.in(store, 2, NEVER);
    assertThat(names()).containsExactly("merged-1.avro");
    assertThat(Files.exists(folder.resolve("part-1.avro"))).isFalse();
    assertThat(labels()).containsExactly("a=roses", "b=roses");
  }
}
