package io.tagstream.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final StringWriter text = new StringWriter();
  private long now = 1_000;

  private Progress progress(boolean interactive, OptionalLong total) {
    return new Progress(
        "sending", "images", total, new PrintWriter(text, true), interactive, () -> now);
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }

  @Test
  void withoutATerminalALineComesEveryTenSecondsAndAtTheEnd() {
    try (Progress progress = progress(false, OptionalLong.of(200))) {
      pass(Duration.ofSeconds(9));
      progress.advance(90);
      assertThat(text.toString()).isEmpty();
      pass(Duration.ofSeconds(1));
      progress.advance(10);
      assertThat(text.toString())
          .isEqualToIgnoringNewLines("sending: 100 of 200 images, 10/s, 0:10 left");
      pass(Duration.ofSeconds(5));
      progress.advance(100);
    }
    assertThat(text.toString().lines())
        .containsExactly(
            "sending: 100 of 200 images, 10/s, 0:10 left",
            "sending: 200 of 200 images, 13/s, in 0:15");
  }

  @Test
  void skippedItemsDoNotCountForTheRate() {
    try (Progress progress = progress(false, OptionalLong.of(200))) {
      progress.skip(100);
      pass(Duration.ofSeconds(10));
      progress.advance(20);
    }
    assertThat(text.toString().lines()).startsWith("sending: 120 of 200 images, 2.0/s, 0:40 left");
  }

  @Test
  void aTerminalGetsABarThatRedrawsItself() {
    try (Progress progress = progress(true, OptionalLong.of(4))) {
      pass(Duration.ofSeconds(1));
      progress.advance(1);
      progress.message("one is odd");
      pass(Duration.ofSeconds(1));
      progress.advance(3);
    }
    assertThat(text.toString().split("\r"))
        .contains("sending [######..................] 1 of 4 images, 1.0/s, 0:03 left")
        .anyMatch(part -> part.startsWith("one is odd"))
        .anyMatch(
            part ->
                part.strip()
                    .equals("sending [########################] 4 of 4 images, 2.0/s, in 0:02"));
  }

  @Test
  void withoutATotalThereIsNoRemainingTime() {
    try (Progress progress = progress(false, OptionalLong.empty())) {
      pass(Duration.ofSeconds(10));
      progress.advance(5);
    }
    assertThat(text.toString().lines()).contains("sending: 5 images, 0.5/s");
  }

  @Test
  void workThatNeverBeganShowsNothing() {
    progress(false, OptionalLong.of(5)).close();
    assertThat(text.toString()).isEmpty();
  }
}
