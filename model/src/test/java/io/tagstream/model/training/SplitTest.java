package io.tagstream.model.training;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SplitTest {

  @Test
  void anImageIsHeldOutWhenItsHashDividesByFive() {
    Random random = new Random(1);
    byte[] hash = new byte[32];
    int heldOut = 0;
    for (int i = 0; i < 10_000; i++) {
      random.nextBytes(hash);
      boolean divides = new BigInteger(1, hash).mod(BigInteger.valueOf(5)).signum() == 0;
      assertThat(Split.isHeldOut(Optional.empty(), hash)).isEqualTo(divides);
      heldOut += divides ? 1 : 0;
    }
    assertThat(heldOut).isBetween(1850, 2150);
  }

  @Test
  void aGroupsNameDecidesForAllItsImages() {
    Random random = new Random(2);
    byte[] hash = new byte[32];
    for (String group : new String[] {"a", "b", "série 4"}) {
      boolean byName = Split.isHeldOut(Optional.empty(), Split.sha256(group.getBytes(UTF_8)));
      for (int i = 0; i < 20; i++) {
        random.nextBytes(hash);
        assertThat(Split.isHeldOut(Optional.of(group), hash)).isEqualTo(byName);
      }
    }
  }
}
