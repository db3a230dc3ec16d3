package io.tagstream.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.onednn.OneDnnWeights;
import io.tagstream.model.engine.onednn.TowerWeights;
import io.tagstream.model.engine.onnxruntime.TowerSessions;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.LocalResponseNormalization.Scope;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Towers;
import io.tagstream.model.network.Weights;
import io.tagstream.model.samediff.RandomWeights;
import io.tagstream.model.store.ModelBundle;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Two towers against one network with the same weights, in every engine that has them. */
@Timeout(120)
class TowerEnginesTest {
  private static final int BATCH = 32;

  @TempDir private Path folder;

  /** An alpha with which the neighbours matter. */
  private static NetworkDescription normalizing(NetworkDescription network, Scope scope) {
    LocalResponseNormalization lrn = new LocalResponseNormalization(5, 2, 0.1, 0.75, scope);
    return network.withConvolutions(
        layer -> layer.withNormalization(layer.normalization().map(any -> lrn)));
  }

  private static NetworkDescription quarter() {
    return NetworkDescription.alexNet(9, 0.25);
  }

  static Stream<Arguments> networks() {
    NetworkDescription narrow = NetworkDescription.alexNet(10, 0.02);
    return Stream.of(EngineKind.values())
        .flatMap(
            kind ->
                Stream.of(
                    argumentSet(kind + " by tower", kind, normalizing(quarter(), Scope.TOWER)),
                    argumentSet(kind + " over all maps", kind, normalizing(quarter(), Scope.ALL)),
                    argumentSet(
                        kind + " over all of fewer than are seen",
                        kind,
                        normalizing(narrow, Scope.ALL)),
                    argumentSet(
                        kind + " one group",
                        kind,
                        quarter().withConvolutions(layer -> layer.withGroups(1)))));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void bothTowersAnswerWhatOneNetworkDoes(EngineKind kind, NetworkDescription network) {
    assumeUsable(kind);
    ModelBundle bundle = Bundles.write(RandomWeights.of(network, 1), folder);
    EngineOptions options = new EngineOptions(kind, Device.CPU, 2);
    try (LoadedModel one = Engines.load(bundle, options);
        LoadedModel two = Engines.load(bundle, options.inTowers(2));
        Engine single = one.newEngine(BATCH);
        Engine towers = two.newEngine(BATCH)) {
      for (int size : List.of(1, BATCH, 19, 5)) {
        List<byte[]> images = Bundles.images(network, size, 1, size);
        assertClose(towers.probabilities(images, 1), single.probabilities(images, 1));
        assertClose(towers.features(images, 1), single.features(images, 1));
      }
    }
  }

  private static void assertClose(float[][] actual, float[][] expected) {
    for (int row = 0; row < expected.length; row++) {
      float largest = 0;
      for (float number : expected[row]) {
        largest = Math.max(largest, Math.abs(number));
      }
      assertThat(largest).isPositive();
      assertThat(actual[row]).containsExactly(expected[row], within(1e-5f * largest));
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void theyExchangeWhatTheDescriptionSays(EngineKind kind, NetworkDescription network) {
    assumeUsable(kind);
    Map<String, Long> expected = new HashMap<>();
    new Towers(network)
        .exchangedBytes()
        .forEach((layer, bytes) -> expected.put(layer, BATCH * bytes));
    int others = network.classes() - network.classes() / 2;
    expected.put("softmax", (long) BATCH * Float.BYTES * others);
    assertThat(exchanged(kind, network)).isEqualTo(expected);
  }

  private static void assumeUsable(EngineKind kind) {
    assumeTrue(
        kind != EngineKind.DEEPLEARNING4J || OneDnnWeights.areUsable(),
        "oneDNN has no natives for this machine");
  }

  private Map<String, Long> exchanged(EngineKind kind, NetworkDescription network) {
    Weights weights = RandomWeights.of(network, 1);
    ModelBundle bundle = Bundles.write(weights, folder);
    Normalization pixels = new Normalization(bundle.preprocessing());
    CropBatch crops = new CropBatch(Bundles.images(network, BATCH, 1, 1), 1, pixels.cropBytes());
    switch (kind) {
      case DEEPLEARNING4J -> {
        try (TowerWeights towers = new TowerWeights(weights, pixels, 2, Throttle.none());
            TowerWeights.TowerForward pass = towers.newForward(BATCH)) {
          pass.run(crops, Output.PROBABILITIES);
          return pass.takeExchangedBytes();
        }
      }
      case ONNXRUNTIME -> {
        try (TowerSessions towers = TowerSessions.onCpu(bundle, 2);
            TowerSessions.TowerForward pass = towers.newForward(BATCH)) {
          pass.run(crops, Output.PROBABILITIES);
          return pass.takeExchangedBytes();
        }
      }
    }
    throw new IllegalArgumentException(kind.toString());
  }

  @Test
  void aNetworkThatCannotBeHalvedIsRefused() {
    NetworkDescription three =
        quarter()
            .withConvolutions(layer -> layer.name().equals("conv4") ? layer.withGroups(3) : layer);
    ModelBundle bundle = Bundles.write(RandomWeights.of(three, 1), folder);
    for (EngineKind kind : EngineKind.values()) {
      assumeUsable(kind);
      EngineOptions options = new EngineOptions(kind, Device.CPU, 2).inTowers(2);
      assertThatThrownBy(() -> Engines.load(bundle, options))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("cannot compute in two towers: conv4");
    }
  }
}
