package io.tagstream.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  private static final String VERSION = "20261124T103000.000Z-0001";

  @TempDir private Path root;
  private ModelStore store;
  private Path folder;

  record Description(String what, Optional<Integer> number) {}

  record Position(long steps) {}

  @BeforeEach
  void open() {
    store = new ModelStore(root);
    folder = root.resolve("runs").resolve(VERSION);
  }

  @Test
  void isOpenOnceAtATime() {
    try (RunFolder run = RunFolder.open(store, VERSION).orElseThrow()) {
      assertThat(RunFolder.open(store, VERSION)).isEmpty();
      assertThat(RunFolder.versions(store)).containsExactly(run.version());
    }
    RunFolder.open(store, VERSION).orElseThrow().close();
  }

  @Test
  void ofALinkedRunTheLinkAloneGoes(@TempDir Path elsewhere) throws Exception {
    Files.writeString(elsewhere.resolve("checkpoint"), "mine");
    Files.writeString(elsewhere.resolve(".half"), "mine");
    Files.createDirectories(folder.getParent());
    Files.createSymbolicLink(folder, elsewhere);
    RunFolder.remove(store, VERSION);
    assertThat(folder).doesNotExist();
    assertThat(elsewhere.resolve("checkpoint")).hasContent("mine");
    assertThat(elsewhere.resolve(".half")).hasContent("mine");
  }

  @Test
  void keepsTheLastDescriptionAndCheckpoint() throws IOException {
    Description description = new Description("a run", Optional.of(3));
    try (RunFolder run = RunFolder.open(store, VERSION).orElseThrow()) {
      assertThat(run.description(Description.class)).isEmpty();
      assertThat(run.restore(Position.class, (position, in) -> {})).isEmpty();
      run.describe(new Description("a run", Optional.empty()));
      run.describe(description);
      run.save(new Position(1), 100, out -> out.write(new byte[100]));
      run.save(new Position(2), 1, out -> out.write(7));
    }
    // The temporary file of a killed process.
    Files.write(folder.resolve(".checkpoint.half"), new byte[10]);
    try (RunFolder run = RunFolder.open(store, VERSION).orElseThrow()) {
      assertThat(folder.resolve(".checkpoint.half")).doesNotExist();
      assertThat(run.description(Description.class)).contains(description);
      assertThat(RunFolder.description(store, VERSION, Description.class)).contains(description);
      Optional<Position> position =
          run.restore(
              Position.class, (found, in) -> assertThat(in.readAllBytes()).containsExactly(7));
      assertThat(position).contains(new Position(2));
      run.remove();
    }
    assertThat(folder).doesNotExist();
    assertThat(RunFolder.versions(store)).isEmpty();
  }

  @Test
  void aCheckpointThatWouldFillTheDiskIsRefusedAndTheOneBeforeStays() {
    AtomicLong free = new AtomicLong(DiskReserve.RESERVE + (5 << 20));
    ModelStore narrow =
        new ModelStore(root, bundle -> {}, Clock.systemUTC(), new DiskReserve(free::get));
    try (RunFolder run = RunFolder.open(narrow, VERSION).orElseThrow()) {
      run.save(new Position(1), 5 << 20, out -> out.write(7));
      assertThatThrownBy(() -> run.save(new Position(2), (5 << 20) + 1, out -> out.write(8)))
          .isInstanceOf(ModelException.class)
          .hasMessage(
              "no space for %s: 1029 MiB are free, 1030 MiB are needed, 1024 of which must stay free; free disk space, or lower models.keep"
                  .formatted(folder.resolve("checkpoint")));
      assertThat(run.restore(Position.class, (position, in) -> {})).contains(new Position(1));
    }
    free.set(DiskReserve.RESERVE + 100);
    assertThatThrownBy(() -> narrow.write(Drafts.tiny(1)))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("no space for");
    assertThat(narrow.versions()).isEmpty();
  }

  @Test
  void aRunThatIsGivenUpIsRemovedUnlessSomebodyHasItOpen() {
    RunFolder.remove(store, VERSION);
    try (RunFolder run = RunFolder.open(store, VERSION).orElseThrow()) {
      run.describe(new Description("a run", Optional.empty()));
      RunFolder.remove(store, VERSION);
      assertThat(folder).isNotEmptyDirectory();
    }
    RunFolder.remove(store, VERSION);
    assertThat(folder).doesNotExist();
  }

  @Test
  void aCheckpointThatIsNoneIsNamedWithTheWayOut() throws IOException {
    try (RunFolder run = RunFolder.open(store, VERSION).orElseThrow()) {
      Files.writeString(folder.resolve("checkpoint"), "no checkpoint at all");
      assertThatThrownBy(() -> run.restore(Position.class, (position, in) -> {}))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("cannot resume from " + folder.resolve("checkpoint"))
          .hasMessageEndingWith("remove %s to start again".formatted(folder));
    }
  }

  @Test
  void whatNobodyGoesOnWithIsRemoved() throws IOException {
    store.write(VERSION, Drafts.tiny(1));
    for (String name : new String[] {VERSION, "old", "open", "new"}) {
      RunFolder.open(store, name).orElseThrow().close();
    }
    FileTime longAgo = FileTime.from(Instant.now().minus(Duration.ofDays(8)));
    try (RunFolder open = RunFolder.open(store, "open").orElseThrow()) {
      for (String name : new String[] {"old", open.version()}) {
        Files.setLastModifiedTime(root.resolve("runs").resolve(name), longAgo);
      }
      RunFolder.removeAbandoned(store, Duration.ofDays(7));
      assertThat(RunFolder.versions(store)).containsExactly("new", "open");
    }
  }

  @Test
  void aNameThatLeadsElsewhereIsRefused() {
    assertThatThrownBy(() -> RunFolder.open(store, "../live"))
        .isInstanceOf(ModelException.class)
        .hasMessage("'../live' is not a version's name");
  }
}
