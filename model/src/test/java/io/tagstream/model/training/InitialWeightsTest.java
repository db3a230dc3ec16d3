package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.training.ClassList.Origin;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class InitialWeightsTest {
  private final Weights parent = draw(3, 1);

  private static Weights draw(int classes, long seed) {
    NetworkDescription narrow = NetworkDescription.alexNet(classes, 0.02);
    return Initialisation.PAPER.draw(
        new NetworkDescription(67, narrow.convolutions(), narrow.dense()), seed);
  }

  @Test
  void newClassesGetRowsBelowTheParents() {
    Weights drawn = draw(5, 2);
    Weights grown = InitialWeights.inherit(parent, drawn, Origin.GROWN);
    assertOthersAreTheParents(grown);
    FloatBuffer weights = grown.get("fc8.weight");
    int old = parent.get("fc8.weight").remaining();
    assertThat(weights.slice(0, old)).isEqualTo(parent.get("fc8.weight"));
    assertThat(weights.slice(old, weights.remaining() - old))
        .isEqualTo(drawn.get("fc8.weight").slice(old, weights.remaining() - old));
    assertThat(grown.get("fc8.bias").slice(0, 3)).isEqualTo(parent.get("fc8.bias"));
    assertThat(grown.get("fc8.bias").slice(3, 2)).isEqualTo(drawn.get("fc8.bias").slice(3, 2));
  }

  @Test
  void replacedClassesGetANewLastLayer() {
    Weights drawn = draw(3, 2);
    Weights replaced = InitialWeights.inherit(parent, drawn, Origin.REPLACED);
    assertOthersAreTheParents(replaced);
    assertThat(replaced.get("fc8.weight"))
        .isEqualTo(drawn.get("fc8.weight"))
        .isNotEqualTo(parent.get("fc8.weight"));
  }

  @Test
  void theParentsClassesKeepItsLastLayer() {
    Weights same = InitialWeights.inherit(parent, draw(3, 2), Origin.PARENT);
    assertOthersAreTheParents(same);
    assertThat(same.get("fc8.weight")).isEqualTo(parent.get("fc8.weight"));
  }

  private void assertOthersAreTheParents(Weights child) {
    for (Parameter parameter : child.network().parameters()) {
      if (!parameter.layer().equals("fc8")) {
        assertThat(child.get(parameter.name()))
            .as(parameter.name())
            .isEqualTo(parent.get(parameter.name()));
      }
    }
  }
}
