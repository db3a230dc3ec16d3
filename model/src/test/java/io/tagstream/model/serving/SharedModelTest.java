package io.tagstream.model.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.engine.Bundles;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Output;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.ModelBundle;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class SharedModelTest {
  private static final NetworkDescription NETWORK = NetworkDescription.alexNet(2, 0.01);
  private static final ModelBundle BUNDLE = Bundles.of(NETWORK, Path.of("nowhere"));

  private final FakeWeights weights = new FakeWeights();
  private final SharedModel model = new SharedModel(BUNDLE, weights);

  /** Returns the same rows for all pixels. */
  private static final class FakeWeights implements DeviceWeights {
    private boolean closed;
    private int openForwards;
    private float[] rows = new float[0];

    @Override
    public Forward newForward(int maxBatch) {
      openForwards++;
      return new Forward() {
        @Override
        public FloatBuffer run(CropBatch batch, Output output) {
          return FloatBuffer.wrap(rows);
        }

        @Override
        public void close() {
          openForwards--;
        }
      };
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @Test
  void probabilitiesAreTheMeanOverAnImagesViews() {
    weights.rows = new float[] {0.25f, 0.75f, 0.75f, 0.25f, 1, 0, 0.5f, 0.5f};
    try (Engine engine = model.newEngine(4)) {
      assertThat(engine.probabilities(Bundles.images(NETWORK, 2, 2, 1), 2))
          .isDeepEqualTo(new float[][] {{0.5f, 0.5f}, {0.75f, 0.25f}});
    }
  }

  @Test
  void weightsStayUntilTheLastEngineIsClosed() {
    Engine first = model.newEngine(1);
    Engine second = model.newEngine(1);
    first.close();
    first.close();
    model.close();
    assertThat(weights.closed).isFalse();
    second.close();
    assertThat(weights.closed).isTrue();
    assertThat(weights.openForwards).isZero();
  }

  @Test
  void weightsAreFreedWithTheModelWhenNoEngineIsOpen() {
    model.newEngine(1).close();
    assertThat(weights.closed).isFalse();
    model.close();
    assertThat(weights.closed).isTrue();
  }

  @Test
  void closedModelsAndEnginesRefuseCalls() {
    Engine engine = model.newEngine(1);
    engine.close();
    model.close();
    List<byte[]> images = Bundles.images(NETWORK, 1, 1, 1);
    assertThatThrownBy(() -> engine.features(images, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("engine of model test is closed");
    assertThatThrownBy(() -> model.newEngine(1)).hasMessage("model test is closed");
  }

  @Test
  void batchesThatDoNotFitAreRefusedWithTheirSizes() {
    try (Engine engine = model.newEngine(3)) {
      List<byte[]> twoViews = Bundles.images(NETWORK, 2, 2, 1);
      assertThatThrownBy(() -> engine.probabilities(twoViews, 2))
          .hasMessage("4 crops exceed the engine's 3");
      assertThatThrownBy(() -> engine.probabilities(twoViews, 1))
          .hasMessage("an image has 309174 bytes, needs 1 views of 154587");
      assertThatThrownBy(() -> engine.probabilities(List.of(), 1))
          .hasMessage("a batch needs images and views: 0, 1");
    }
    assertThatThrownBy(() -> model.newEngine(0))
        .hasMessage("an engine runs at least one crop, not 0");
  }
}
