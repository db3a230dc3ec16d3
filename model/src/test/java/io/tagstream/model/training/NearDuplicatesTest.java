package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class NearDuplicatesTest {

  @Test
  void upToFourBitsApartIsNear() {
    long hash = new Random(1).nextLong();
    assertThat(NearDuplicates.near(new long[] {hash}, new long[0]).cardinality()).isZero();
    assertThat(
            NearDuplicates.near(
                new long[] {hash, ~hash, hash ^ 0b1111, hash ^ 0b11111},
                new long[] {0x1234, hash ^ (1L << 63)}))
        .hasToString("{0}");
    assertThat(
            NearDuplicates.near(
                new long[] {hash, ~hash, hash ^ 0b1111, hash ^ 0b11111}, new long[] {0x1234, hash}))
        .hasToString("{0, 2}");
  }
}
