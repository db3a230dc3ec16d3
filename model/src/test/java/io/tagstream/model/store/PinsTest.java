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
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class PinsTest {
  @TempDir Path root;

  private Pins pins() {
    return new Pins(root, Clock.systemUTC());
  }

  @Test
  void versionsArePinnedUntilThePinIsClosed() {
    assertThat(pins().pinned()).isEmpty();
    Pin first = pins().pin("first", Set.of("v1", "v2"));
    Pin second = pins().pin("second", Set.of("v2", "v3"));
    assertThat(pins().pinned()).containsExactlyInAnyOrder("v1", "v2", "v3");
    first.close();
    first.close();
    assertThat(pins().pinned()).containsExactlyInAnyOrder("v2", "v3");
    second.set(Set.of());
    assertThat(pins().pinned()).doesNotContain("v2", "v3");
    second.close();
    assertThat(root.resolve("pins")).isEmptyDirectory();
  }

  @Test
  void aPinOfADayIsIgnoredAndDeleted() throws IOException {
    try (Pin pin = pins().pin("old", Set.of("v1"))) {
      pin.set(Set.of("v1"));
      Path file = root.resolve("pins").resolve("old");
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(23))));
      assertThat(pins().pinned()).containsExactly("v1");
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(1))));
      assertThat(pins().pinned()).isEmpty();
      pins().deleteStale();
      assertThat(file).doesNotExist();
    }
  }

  @Test
  void aPinWrittenWhileAClockWasAheadCountsForADayFromNow() throws IOException {
    Path file = Files.createDirectories(root.resolve("pins")).resolve("killed");
    Files.writeString(file, "v1\n");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plus(Duration.ofDays(365))));
    assertThat(pins().pinned()).containsExactly("v1");
    Clock tomorrow = Clock.offset(Clock.systemUTC(), Duration.ofDays(1));
    assertThat(new Pins(root, tomorrow).pinned()).isEmpty();
  }

  @Test
  void aJobDropsThePinsOfItsDeadProcessesAndNoOthers() throws IOException {
    Pins shop = new Pins(root, Clock.systemUTC(), Optional.of("shop"));
    Pins shop2 = new Pins(root, Clock.systemUTC(), Optional.of("shop2"));
    // Pins of killed processes: nobody closes them.
    Pin dead = shop.pin("job-1", Set.of("v1"));
    Pin alsoDead = shop.pin("retraining-2", Set.of("v2"));
    try (Pin other = shop2.pin("job-3", Set.of("v3"));
        Pin command = pins().pin("quantize", Set.of("v4"))) {
      other.set(Set.of("v3"));
      command.set(Set.of("v4"));
      assertThat(pins().pinned()).containsExactlyInAnyOrder("v1", "v2", "v3", "v4");
      shop.deleteOf("shop");
      assertThat(pins().pinned()).contains("v3", "v4").doesNotContain("v1", "v2");
    }
    dead.close();
    alsoDead.close();
  }

  @Test
  void aPinIsWrittenAgainAndAgain() throws IOException {
    Path file = root.resolve("pins").resolve("job");
    ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
    try (Pin pin = new Pin(file, Optional.empty(), Set.of("v1"), thread, Duration.ofMillis(1))) {
      Files.delete(file);
      while (!Files.exists(file)) {
        assertThat(Thread.interrupted()).as("time is up").isFalse();
      }
      pin.set(Set.of("v2"));
      assertThat(file).hasContent("v2");
    }
    assertThat(thread.isShutdown()).isTrue();
    assertThat(file).doesNotExist();
  }

  @Test
  void namesCannotLeadOutOfTheFolder() {
    try (Pin pin = pins().pin("../job: 1/2", Set.of("v1"))) {
      pin.set(Set.of("v1"));
      assertThat(root.resolve("pins").resolve("-.-job--1-2")).hasContent("v1");
    }
    assertThatThrownBy(() -> pins().pin("", Set.of())).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aPinThatCannotBeWrittenIsTold() throws IOException {
    Files.createFile(root.resolve("pins"));
    assertThatThrownBy(() -> pins().pin("job", Set.of("v1")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("cannot write " + root.resolve("pins").resolve("job"));
    assertThatThrownBy(() -> pins().pinned())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("is not a folder");
  }
}
