package io.tagstream.model.engine.towers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class TowerPairTest {
  private final TowerPair pair = new TowerPair();

  @AfterEach
  void close() {
    pair.close();
  }

  private static FloatBuffer numbers(float... numbers) {
    return FloatBuffer.wrap(numbers);
  }

  /** Of an odd number of channels the second tower has one more. */
  @Test
  void gatheringConcatenatesBothTowersChannels() {
    List<FloatBuffer> own = List.of(numbers(1, 2, 11, 12), numbers(3, 4, 5, 13, 14, 15));
    List<float[]> both = List.of(new float[10], new float[10]);
    pair.run(
        tower ->
            pair.link(tower).gather("fc8", 2, own.get(tower), FloatBuffer.wrap(both.get(tower))));
    assertThat(both.get(0)).containsExactly(1, 2, 3, 4, 5, 11, 12, 13, 14, 15);
    assertThat(both.get(1)).containsExactly(both.get(0));
    assertThat(pair.link(0).takeReceivedBytes()).containsExactly(entry("fc8", 24L));
    assertThat(pair.link(1).takeReceivedBytes()).containsExactly(entry("fc8", 16L));
    assertThat(pair.link(1).takeReceivedBytes()).isEmpty();
  }

  @Test
  void reducingAddsBothTowersSumsForTheOwnChannels() {
    List<FloatBuffer> both = List.of(numbers(1, 2, 3, 4), numbers(10, 20, 30, 40));
    List<float[]> own = List.of(new float[2], new float[2]);
    pair.run(
        tower ->
            pair.link(tower).reduce("fc7", 1, both.get(tower), FloatBuffer.wrap(own.get(tower))));
    assertThat(own.get(0)).containsExactly(11, 22);
    assertThat(own.get(1)).containsExactly(33, 44);
    assertThat(pair.link(0).takeReceivedBytes()).containsExactly(entry("fc7", 8L));
  }

  @Test
  void wideningAddsTheAdjacentChannels() {
    List<FloatBuffer> own = List.of(numbers(1, 2, 11, 12), numbers(3, 4, 13, 14));
    List<float[]> wide = List.of(new float[6], new float[6]);
    List<float[]> wider = List.of(new float[8], new float[8]);
    List<float[]> back = List.of(new float[4], new float[4]);
    pair.run(
        tower -> {
          TowerLink link = pair.link(tower);
          link.widen("lrn", 2, own.get(tower), 1, FloatBuffer.wrap(wide.get(tower)));
          Arrays.fill(wider.get(tower), 9);
          link.widen("lrn", 2, own.get(tower), 1, FloatBuffer.wrap(wider.get(tower)));
          link.narrow(2, FloatBuffer.wrap(wider.get(tower)), FloatBuffer.wrap(back.get(tower)));
        });
    assertThat(wide.get(0)).containsExactly(1, 2, 3, 11, 12, 13);
    assertThat(wide.get(1)).containsExactly(2, 3, 4, 12, 13, 14);
    assertThat(wider.get(0)).containsExactly(1, 2, 3, 0, 11, 12, 13, 0);
    assertThat(wider.get(1)).containsExactly(0, 2, 3, 4, 0, 12, 13, 14);
    assertThat(back.get(0)).containsExactly(1, 2, 11, 12);
    assertThat(back.get(1)).containsExactly(3, 4, 13, 14);
    assertThat(pair.link(0).takeReceivedBytes()).containsExactly(entry("lrn", 16L));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aFailureEndsTheOtherTowersWait(int failing) {
    assertThatThrownBy(
            () ->
                pair.run(
                    tower -> {
                      if (tower == failing) {
                        throw new IllegalStateException("no memory");
                      }
                      pair.link(tower).gather("conv3", 1, numbers(1), numbers(0, 0));
                    }))
        .hasMessage("a tower failed: no memory");
    assertThatThrownBy(
            () -> pair.run(tower -> pair.link(tower).gather("conv3", 1, numbers(1), numbers(0, 0))))
        .as("cannot be used again")
        .hasMessage("a tower failed: no memory");
  }
}
