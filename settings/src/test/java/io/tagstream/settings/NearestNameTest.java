package io.tagstream.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNameTest {
  private static final List<String> COMMANDS =
      List.of("demo", "broker", "topics", "job", "status", "produce", "label", "tail", "train");

  @ParameterizedTest
  @CsvSource({
    "prodcue,produce",
    "topic,topics",
    "brokr,broker",
    "tial,tail",
    "stat,status",
    "TRAIN,train",
    "jbo,job"
  })
  void theFewestEditsWin(String typed, String meant) {
    assertThat(NearestName.of(typed, COMMANDS)).contains(meant);
  }

  @Test
  void theBeginningOfALongNameMayBeMistyped() {
    assertThat(NearestName.of("--fromm", List.of("--json", "--from-beginning", "--max")))
        .contains("--from-beginning");
  }

  @Test
  void aSwapOfNeighboursIsOneEdit() {
    assertThat(NearestName.of("abcd", List.of("abxy", "abdc"))).contains("abdc");
  }

  @Test
  void nothingIsNearestAmongNothing() {
    assertThat(NearestName.of("x", List.of())).isEmpty();
  }
}
