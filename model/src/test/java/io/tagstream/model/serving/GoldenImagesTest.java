package io.tagstream.model.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Bundles;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.engine.Output;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class GoldenImagesTest {
  private static final NetworkDescription NETWORK = NetworkDescription.alexNet(3, 1.0 / 24);
  private static final List<String> LABELS = List.of("ant", "bee", "cat");

  private static final float HUGE = 3e38f;

  @TempDir Path folder;

  /** Finite weights, those of one parameter very large. */
  private static ModelDraft overflowing(String parameter) {
    Weights drawn = Initialisation.HE.draw(NETWORK, 1);
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter each : NETWORK.parameters()) {
      FloatBuffer copy =
          FloatBuffer.allocate((int) each.count()).put(drawn.get(each.name())).flip();
      if (each.name().equals(parameter)) {
        for (int i = 0; i < copy.limit(); i++) {
          copy.put(i, Math.copySign(HUGE, copy.get(i)));
        }
      }
      values.put(each.name(), copy);
    }
    return new ModelDraft(
        new Weights(NETWORK, values),
        Preprocessing.tagstream(NETWORK.inputSize()),
        LABELS,
        Optional.empty(),
        Provenance.made("drawn for a test", "drawn", "none"));
  }

  @ParameterizedTest
  @CsvSource({
    "fc8.weight, DEEPLEARNING4J",
    "fc6.weight, DEEPLEARNING4J",
    "conv1.weight, DEEPLEARNING4J",
    "fc8.weight, ONNXRUNTIME",
    "fc6.weight, ONNXRUNTIME",
    "conv1.weight, ONNXRUNTIME"
  })
  void weightsThatOverflowInTheForwardPassAreRefused(String parameter, EngineKind kind) {
    ModelStore unchecked = new ModelStore(folder);
    ModelBundle bundle = unchecked.write(overflowing(parameter));
    assertThatThrownBy(() -> Engines.load(bundle, new EngineOptions(kind, Device.CPU, 1)))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model %s cannot serve: ".formatted(bundle.version()));
  }

  @ParameterizedTest
  @EnumSource(EngineKind.class)
  void drawnWeightsAreServed(EngineKind kind) {
    ModelBundle bundle = new ModelStore(folder).write(overflowing("none"));
    Engines.load(bundle, new EngineOptions(kind, Device.CPU, 1)).close();
  }

  @Test
  void suchAModelIsNotAddedToAStoreThatServes() throws IOException {
    ModelStore store = Engines.store(folder);
    assertThatThrownBy(() -> store.write(overflowing("fc8.weight")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("cannot serve");
    assertThat(store.versions()).isEmpty();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void suchAModelNeitherGoesLiveNorComesBack() {
    ModelStore store = Engines.store(folder);
    ModelStore unchecked = new ModelStore(folder);
    String first = unchecked.write(overflowing("fc8.weight")).version();
    String good = store.write(overflowing("none")).version();
    String bad = unchecked.write(overflowing("conv1.weight")).version();
    store.promote(good, "ann");
    assertThatThrownBy(() -> store.promote(bad, "ann"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model %s cannot serve".formatted(bad));
    assertThatThrownBy(() -> store.rollback("ann"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model %s cannot serve".formatted(first));
    assertThat(store.live()).isEqualTo(good);
  }

  @Test
  void probabilitiesThatDoNotSumToOneAreRefused() {
    assertThatThrownBy(() -> GoldenImages.require(predicting(0.5f, 0.5f, 0.5f), Throttle.none()))
        .hasMessage("model test cannot serve: its probabilities for golden image 1 sum to 1.5");
    assertThatThrownBy(() -> GoldenImages.require(predicting(-0.5f, 1, 0.5f), Throttle.none()))
        .hasMessageContaining("its probability of class-0 for golden image 1 is -0.5");
    assertThatThrownBy(
            () -> GoldenImages.require(predicting(Float.NaN, 0.5f, 0.5f), Throttle.none()))
        .hasMessageContaining("its probability of class-0 for golden image 1 is NaN");
    assertThatCode(() -> GoldenImages.require(predicting(0.25f, 0.25f, 0.5f), Throttle.none()))
        .doesNotThrowAnyException();
  }

  @Test
  void passesRunOnTheThrottlesExecutor() {
    List<Runnable> passes = new ArrayList<>();
    GoldenImages.require(
        predicting(0.25f, 0.25f, 0.5f),
        Throttle.share(
            1,
            pass -> {
              passes.add(pass);
              pass.run();
            }));
    assertThat(passes).hasSize(3);
  }

  private static LoadedModel predicting(float... row) {
    return new SharedModel(
        Bundles.of(NETWORK, Path.of("nowhere")),
        new DeviceWeights() {
          @Override
          public Forward newForward(int maxBatch) {
            return new Forward() {
              @Override
              public FloatBuffer run(CropBatch batch, Output output) {
                FloatBuffer rows = FloatBuffer.allocate(batch.size() * row.length);
                while (rows.hasRemaining()) {
                  rows.put(row);
                }
                return rows.flip();
              }

              @Override
              public void close() {}
            };
          }

          @Override
          public void close() {}
        });
  }
}
