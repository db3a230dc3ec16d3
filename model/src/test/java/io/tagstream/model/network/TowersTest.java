package io.tagstream.model.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.tagstream.model.network.LocalResponseNormalization.Scope;
import org.junit.jupiter.api.Test;

class TowersTest {

  @Test
  void thePapersExchange121KilobytesAnImage() {
    Towers towers = new Towers(NetworkDescription.alexNet(1000).normalizing(Scope.TOWER));
    assertThat(towers.exchangedBytes())
        .containsExactly(
            entry("conv3", 128L * 13 * 13 * 4),
            entry("fc6", 128L * 6 * 6 * 4),
            entry("fc7", 2048L * 4),
            entry("fc8", 2048L * 4));
    assertThat(towers.exchangedBytesInAll()).isEqualTo(121_344);
  }

  @Test
  void normalisingOverAllMapsExchangesAdjacentMaps() {
    assertThat(new Towers(NetworkDescription.alexNet(1000)).exchangedBytes())
        .contains(entry("conv1 lrn", 2L * 55 * 55 * 4), entry("conv2 lrn", 2L * 27 * 27 * 4))
        .hasSize(6);
  }

  @Test
  void anOddNumberOfClassesIsAllowed() {
    assertThat(new Towers(NetworkDescription.alexNet(5)).exchangedBytes()).hasSize(6);
  }

  @Test
  void threeGroupsCannotBeHalved() {
    NetworkDescription three =
        NetworkDescription.alexNet(5)
            .withConvolutions(layer -> layer.name().equals("conv4") ? layer.withGroups(3) : layer);
    assertThatThrownBy(() -> new Towers(three))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("conv4")
        .hasMessageContaining("3 groups");
  }
}
