package io.tagstream.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LastingStateTest {
  private final List<String> log = new ArrayList<>();
  private final LastingState state =
      new LastingState((line, cause) -> log.add(line), "The disk refuses");

  private void lasts(String how) {
    boolean unused = state.lasts(how, new IllegalStateException(how));
  }

  @Test
  void beginChangeAndEndAreLogged() {
    state.isOver();
    assertThat(log).isEmpty();
    lasts("full");
    lasts("full");
    lasts("read-only");
    lasts("read-only");
    state.isOver();
    state.isOver();
    lasts("read-only");
    assertThat(log)
        .satisfiesExactly(
            line -> assertThat(line).isEqualTo("The disk refuses: full"),
            line -> assertThat(line).isEqualTo("The disk refuses: read-only"),
            line -> assertThat(line).matches("The disk refuses: over after \\d+ s"),
            line -> assertThat(line).isEqualTo("The disk refuses: read-only"));
  }

  @Test
  void otherAmountsAndTemporaryFilesAreNoChange() {
    lasts("/m/.live.%s: 17 MiB are free".formatted(UUID.randomUUID()));
    lasts("/m/.live.%s: 9 MiB are free".formatted(UUID.randomUUID()));
    assertThat(log).hasSize(1);
    lasts("20121203T101500.000Z-1a2b is damaged");
    lasts("20121203T101600.000Z-3c4d is damaged");
    assertThat(log).hasSize(3);
  }
}
