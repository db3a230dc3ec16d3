package io.tagstream.model.network;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class BestClassesTest {

  @Test
  void theFiveBestAreInOrderAndEqualOnesByIndex() {
    float[] probabilities = {0.1f, 0.3f, 0.1f, 0.05f, 0.3f, 0.05f, 0.1f};
    assertThat(BestClasses.of(probabilities)).containsExactly(1, 4, 0, 2, 6);
  }

  @Test
  void fewerClassesGiveFewer() {
    assertThat(BestClasses.of(new float[] {0.4f, 0.6f})).containsExactly(1, 0);
  }
}
