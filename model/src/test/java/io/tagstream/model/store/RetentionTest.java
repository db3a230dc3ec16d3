package io.tagstream.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetentionTest {
  private static final int DEFAULT = 4;

  @TempDir Path folder;
  private Path models;
  private ModelStore store;

  @BeforeEach
  void store() {
    models = folder.resolve("models");
    store = new ModelStore(models);
  }

  private List<String> write(int count) {
    List<String> versions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      versions.add(store.write(Drafts.tiny(i)).version());
    }
    return versions;
  }

  private void promote(String version) {
    store.promote(version, "ann");
  }

  private static void age(Path file) throws IOException {
    Files.setLastModifiedTime(
        file, FileTime.from(Instant.now().minus(Duration.ofDays(1)).minusSeconds(60)));
  }

  @Test
  void theLiveOneItsPredecessorsAndTheNewestCandidateAreKept() {
    List<String> versions = write(8);
    // The first is live already; 5 and 7 stay candidates.
    for (int promoted : List.of(1, 2, 3, 4, 6)) {
      promote(versions.get(promoted));
    }

    assertThat(store.prune(DEFAULT))
        .containsExactly(versions.get(0), versions.get(1), versions.get(2), versions.get(5));

    assertThat(store.versions())
        .containsExactly(versions.get(3), versions.get(4), versions.get(6), versions.get(7));
    assertThat(models.resolve(versions.get(0))).doesNotExist();
    assertThat(store.live()).isEqualTo(versions.get(6));
    assertThat(store.prune(DEFAULT)).isEmpty();
    assertThat(store.rollback("ann")).isEqualTo(versions.get(4));
    assertThat(store.rollback("ann")).isEqualTo(versions.get(3));
  }

  @Test
  void aRejectedOneIsTheNewestCandidateUntilThereIsAnother() {
    List<String> versions = write(3);
    promote(versions.get(2));
    assertThat(store.prune(DEFAULT)).isEmpty();
    String later = store.write(Drafts.tiny(9)).version();
    assertThat(store.prune(DEFAULT)).containsExactly(versions.get(1));
    assertThat(store.versions()).containsExactly(versions.get(0), versions.get(2), later);
  }

  @Test
  void oneThatWasRolledBackCanBePromotedAgain() {
    List<String> versions = write(2);
    promote(versions.get(1));
    store.rollback("ann");
    assertThat(store.prune(2)).isEmpty();
    promote(versions.get(1));
    assertThat(store.prune(2)).containsExactly(versions.get(0));
  }

  @Test
  void whatIsPinnedStays() throws IOException {
    List<String> versions = write(5);
    promote(versions.get(4));
    try (Pin pin = store.pins().pin("a job", Set.of(versions.get(1)))) {
      assertThat(store.prune(2)).containsExactly(versions.get(0), versions.get(2));
      pin.set(Set.of(versions.get(1), versions.get(3)));
      String later = store.write(Drafts.tiny(9)).version();
      assertThat(store.prune(2)).isEmpty();
      assertThat(store.versions())
          .containsExactly(versions.get(1), versions.get(3), versions.get(4), later);
      age(models.resolve("pins").resolve("a-job"));
      assertThat(store.prune(2)).containsExactly(versions.get(1), versions.get(3));
      assertThat(models.resolve("pins").resolve("a-job")).doesNotExist();
    }
  }

  /** Adds a pin when the clock is read for a pin's age, that is after the pins were listed. */
  @Test
  void aPinThatComesWhileAVersionIsDeletedKeepsIt() {
    List<String> versions = write(3);
    promote(versions.get(2));
    List<Pin> late = new ArrayList<>();
    Clock clock =
        new Clock() {
          @Override
          public Instant instant() {
            if (late.isEmpty()) {
              late.add(store.pins().pin("late", Set.of(versions.get(0))));
            }
            return Instant.now();
          }

          @Override
          public ZoneId getZone() {
            return ZoneOffset.UTC;
          }

          @Override
          public Clock withZone(ZoneId zone) {
            return this;
          }
        };
    try (Pin other = store.pins().pin("other", Set.of())) {
      other.set(Set.of());
      assertThat(new ModelStore(models, bundle -> {}, clock).prune(2)).isEmpty();
    }
    assertThatCode(() -> store.open(versions.get(0))).doesNotThrowAnyException();
    late.forEach(Pin::close);
    assertThat(store.prune(2)).containsExactly(versions.get(0));
  }

  @Test
  void whatATrainingHasJustWrittenStays() throws IOException {
    List<String> versions = write(3);
    Path run = Files.createDirectories(models.resolve("runs").resolve(versions.get(1)));
    assertThat(store.prune(2)).isEmpty();
    Files.delete(run);
    assertThat(store.prune(2)).containsExactly(versions.get(1));
  }

  @Test
  void withoutALiveVersionNothingIsDeleted() throws IOException {
    write(3);
    Files.delete(models.resolve("live"));
    assertThat(store.prune(2)).isEmpty();
    assertThat(store.versions()).hasSize(3);
  }

  @Test
  void unfinishedFoldersOfADayGoUnlessATrainingOwnsThem() throws IOException {
    write(1);
    Path old = unfinished("20261124T103000.000Z-0000");
    Path staged = unfinished(".20261124T103000.000Z-0001.4b1d");
    Path owned = unfinished("20261124T103000.000Z-0002");
    Path byHand = unfinished("backup");
    Path young = unfinished("20261124T103000.000Z-0003");
    Files.createDirectories(models.resolve("runs").resolve("20261124T103000.000Z-0002"));
    for (Path folder : List.of(old, staged, owned, byHand, models.resolve("history"))) {
      age(folder);
    }

    assertThat(store.prune(DEFAULT)).isEmpty();

    assertThat(List.of(old, staged)).noneMatch(Files::exists);
    assertThat(List.of(owned, byHand, young, models.resolve("history"))).allMatch(Files::exists);
  }

  /**
   * A store of links to another store's versions loses its links, and the other store loses
   * nothing.
   */
  @Test
  void ofALinkedVersionTheLinkAloneGoes() throws IOException {
    List<String> versions = write(4);
    Path links = Files.createDirectories(folder.resolve("links"));
    for (String version : versions) {
      Files.createSymbolicLink(links.resolve(version), models.resolve(version));
    }
    ModelStore linked = new ModelStore(links);
    linked.promote(versions.get(3), "ann");
    try (Pin pin = linked.pins().pin("job", Set.of(versions.get(1)))) {
      assertThat(linked.prune(2)).containsExactly(versions.get(0));
      pin.set(Set.of());
    }
    assertThat(linked.prune(2)).containsExactly(versions.get(1));
    assertThat(linked.versions()).containsExactly(versions.get(2), versions.get(3));
    assertThat(store.versions()).isEqualTo(versions);
    versions.forEach(
        version -> assertThatCode(() -> store.open(version)).doesNotThrowAnyException());
  }

  @Test
  void whatIsLinkedAndIsNoVersionStays() throws IOException {
    write(1);
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("picture.jpg"), "mine");
    Files.createDirectories(folder.resolve("half"));
    Files.writeString(folder.resolve("half").resolve(".model.json.deleted"), "mine");
    for (String name : List.of("elsewhere", "half")) {
      age(folder.resolve(name));
    }
    Files.createSymbolicLink(models.resolve("20261124T103000.000Z-0000"), elsewhere);
    Files.createSymbolicLink(models.resolve(".20261124T103000.000Z-0001.4b1d"), elsewhere);
    Files.createSymbolicLink(models.resolve("20261124T103000.000Z-0002"), folder.resolve("half"));
    assertThat(store.prune(DEFAULT)).isEmpty();
    assertThat(elsewhere.resolve("picture.jpg")).hasContent("mine");
    assertThat(folder.resolve("half").resolve(".model.json.deleted")).hasContent("mine");
  }

  @Test
  void anUnfinishedFolderFromTheFutureGoesADayFromNow() throws IOException {
    write(1);
    Path ahead = unfinished("20261124T103000.000Z-0000");
    Files.setLastModifiedTime(ahead, FileTime.from(Instant.now().plus(Duration.ofDays(365))));
    assertThat(store.prune(DEFAULT)).isEmpty();
    assertThat(ahead).exists();
    Clock tomorrow = Clock.offset(Clock.systemUTC(), Duration.ofDays(1).plusMinutes(1));
    assertThat(new ModelStore(models, bundle -> {}, tomorrow).prune(DEFAULT)).isEmpty();
    assertThat(ahead).doesNotExist();
  }

  private Path unfinished(String name) throws IOException {
    Path unfinished = Files.createDirectories(models.resolve(name));
    Files.writeString(unfinished.resolve("model.onnx"), "half");
    return unfinished;
  }

  @Test
  void whatSomebodyNamedByHandStays() {
    store.write("mine", Drafts.tiny(1));
    List<String> versions = write(3);
    promote(versions.get(2));
    assertThat(store.prune(2)).containsExactly(versions.get(0));
    assertThat(store.versions()).contains("mine");
  }

  /** The rest of a crash: without a model.json it is not a version. */
  @Test
  void aHalfDeletedVersionIsNoneAndIsDeletedTheNextTime() throws IOException {
    List<String> versions = write(3);
    new BundleFolder(models.resolve(versions.get(2))).hide();
    assertThat(store.versions()).containsExactly(versions.get(0), versions.get(1));
    assertThatThrownBy(() -> store.promote(versions.get(2), "ann"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("no version " + versions.get(2));
    assertThat(store.live()).isEqualTo(versions.get(0));
    assertThat(store.prune(DEFAULT)).as("somebody may be deleting it now").isEmpty();
    age(models.resolve(versions.get(2)));
    assertThat(store.prune(DEFAULT)).containsExactly(versions.get(2));
    assertThat(models.resolve(versions.get(2))).doesNotExist();
  }

  @Test
  void aHalfDeletedVersionThatSomebodyNeedsComesBack() throws IOException {
    List<String> versions = write(3);
    try (Pin pin = store.pins().pin("job", Set.of(versions.get(1)))) {
      new BundleFolder(models.resolve(versions.get(1))).hide();
      age(models.resolve(versions.get(1)));
      assertThat(store.prune(2)).isEmpty();
      assertThatCode(() -> store.open(versions.get(1))).doesNotThrowAnyException();
      pin.set(Set.of());
      assertThat(store.prune(2)).containsExactly(versions.get(1));
    }
  }

  @Test
  void aVersionDeletedWhileItIsReadIsTold() throws IOException {
    List<String> versions = write(1);
    String version = versions.get(0);
    ModelMetadata metadata = store.metadata(version);
    new BundleFolder(models.resolve(version)).delete();
    assertThatThrownBy(() -> store.verify(version, metadata, Throttle.none()))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "version %s in %s was deleted while it was read: models.keep limits the versions that are kept"
                .formatted(version, models));
  }

  /**
   * Opening a version after pinning it either succeeds or reports that it is gone; the newest and
   * the promoted version are never deleted.
   */
  @Test
  void deletingBesidePromotingLosesNoLiveVersion() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    write(1);
    try {
      List<Future<?>> pruners = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        pruners.add(
            threads.submit(
                () -> {
                  while (!done.get()) {
                    store.prune(2);
                  }
                }));
      }
      for (int i = 0; i < 40; i++) {
        List<String> versions = write(2);
        try {
          promote(versions.get(0));
        } catch (ModelException tooLate) {
          assertThat(tooLate).hasMessageContaining(versions.get(0));
        }
        assertThatCode(store::openLive).doesNotThrowAnyException();
        promote(versions.get(1));
        assertThat(store.openLive().version()).isEqualTo(versions.get(1));
      }
      done.set(true);
      for (Future<?> pruner : pruners) {
        pruner.get();
      }
    } finally {
      done.set(true);
      threads.shutdownNow();
    }
  }

  @Test
  void fewerThanTwoCannotBeKept() {
    assertThatThrownBy(() -> store.prune(1)).isInstanceOf(IllegalArgumentException.class);
  }
}
