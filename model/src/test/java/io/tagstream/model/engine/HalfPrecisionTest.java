package io.tagstream.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.engine.onnxruntime.SessionWeights;
import io.tagstream.model.engine.onnxruntime.SessionWeights.Graph;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.serving.SharedModel;
import io.tagstream.model.store.ModelBundle;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The graph for GPUs, tested on a CPU, where ONNX Runtime computes its 16-bit nodes in 32 bits. */
class HalfPrecisionTest {
  private static final int IMAGES = 3;

  private static float[][] features(ModelBundle bundle, Graph graph, List<byte[]> images) {
    try (LoadedModel model = new SharedModel(bundle, SessionWeights.onCpu(bundle, 1, graph));
        Engine engine = model.newEngine(IMAGES)) {
      for (float[] row : engine.probabilities(images, 1)) {
        double sum = 0;
        for (float probability : row) {
          sum += probability;
        }
        assertThat(sum).isEqualTo(1, within(1e-3));
      }
      return engine.features(images, 1);
    }
  }

  @Test
  void outputsDifferByTheRoundingToSixteenBits(@TempDir Path folder) {
    NetworkDescription network = NetworkDescription.alexNet(10, 0.1);
    ModelBundle bundle = Bundles.write(Initialisation.HE.draw(network, 1), folder);
    List<byte[]> images = Bundles.images(network, IMAGES, 1, 2);
    float[][] exact = features(bundle, Graph.FAST_NORMALIZATION, images);
    float[][] half = features(bundle, Graph.HALF_PRECISION, images);
    for (int i = 0; i < IMAGES; i++) {
      float largest = 0;
      for (float feature : exact[i]) {
        largest = Math.max(largest, feature);
      }
      assertThat(largest).isPositive();
      assertThat(half[i]).containsExactly(exact[i], within(0.01f * largest));
      assertThat(Arrays.equals(half[i], exact[i])).isFalse();
    }
  }
}
