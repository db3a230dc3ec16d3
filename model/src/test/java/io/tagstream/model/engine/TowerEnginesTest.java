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
import io.tagstream.model.engine.samediff.RandomWeights;
import io.tagstream.model.image.TestPictures;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.LocalResponseNormalization.Scope;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Towers;
import io.tagstream.model.serving.Engines;
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
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Two towers against one network with the same weights, in every engine that has them. */
@Timeout(120)
class TowerEnginesTest {
  private static final int BATCH = 32;

  @TempDir private Path folder;

  /** An alpha with which the neighbours matter. */
  private static NetworkDescription normalizing(NetworkDescription network, Scope scope) {
    return normalizing(network, 5, scope);
  }

  private static NetworkDescription normalizing(NetworkDescription network, int size, Scope scope) {
    LocalResponseNormalization lrn = new LocalResponseNormalization(size, 2, 0.1, 0.75, scope);
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
                        normalizing(narrow, 7, Scope.ALL)),
                    argumentSet(
                        kind + " one group",
                        kind,
                        quarter().withConvolutions(layer -> layer.withGroups(1)))));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void bothTowersAnswerWhatOneNetworkDoes(EngineKind kind, NetworkDescription network) {
    assumeUsable(kind);
    assertTowersAnswer(kind, network, 2, noise(network));
  }

  /** Teams of threads beside each other. */
  @ParameterizedTest
  @EnumSource
  void aTowerHasSeveralThreads(EngineKind kind) {
    assumeUsable(kind);
    assertTowersAnswer(kind, quarter(), 4, noise(quarter()));
  }

  @ParameterizedTest
  @EnumSource
  void bothTowersAnswerPhotosAsOneNetworkDoes(EngineKind kind) throws Exception {
    assumeUsable(kind);
    NetworkDescription network = normalizing(quarter(), Scope.ALL);
    assertTowersAnswer(kind, network, 2, List.of(TestPictures.flowerCrops(BATCH)));
  }

  private void assertTowersAnswer(
      EngineKind kind, NetworkDescription network, int threads, List<List<byte[]>> batches) {
    ModelBundle bundle = Bundles.write(RandomWeights.of(network, 1), folder);
    EngineOptions options = new EngineOptions(kind, Device.CPU, threads);
    try (LoadedModel one = Engines.load(bundle, options);
        LoadedModel two = Engines.load(bundle, options.inTowers(2));
        Engine single = one.newEngine(BATCH);
        Engine towers = two.newEngine(BATCH)) {
      batches.forEach(
          images -> {
            assertClose(towers.probabilities(images, 1), single.probabilities(images, 1));
            assertClose(towers.features(images, 1), single.features(images, 1));
          });
    }
  }

  /** Full, last in its row, and of one. */
  private static List<List<byte[]>> noise(NetworkDescription network) {
    return Stream.of(1, BATCH, 19, 5).map(size -> Bundles.images(network, size, 1, size)).toList();
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

  /** By the link, which is the same for both engines. */
  @ParameterizedTest
  @EnumSource
  void theyExchangeWhatTheDescriptionSays(Scope scope) {
    assumeUsable(EngineKind.DEEPLEARNING4J);
    NetworkDescription network = normalizing(quarter(), scope);
    Normalization pixels = new Normalization(Bundles.of(network, folder).preprocessing());
    CropBatch crops = new CropBatch(Bundles.images(network, BATCH, 1, 1), 1, pixels.cropBytes());
    Map<String, Long> expected = new HashMap<>();
    new Towers(network)
        .exchangedBytes()
        .forEach((layer, bytes) -> expected.put(layer, BATCH * bytes));
    // Five of the nine classes are the second tower's.
    expected.put("softmax", 5L * Float.BYTES * BATCH);
    try (TowerWeights towers =
            new TowerWeights(RandomWeights.of(network, 1), pixels, 2, Throttle.none());
        TowerWeights.TowerForward pass = towers.newForward(BATCH)) {
      pass.run(crops, Output.PROBABILITIES);
      assertThat(pass.takeExchangedBytes()).isEqualTo(expected);
      assertThat(pass.takeExchangedBytes()).isEmpty();
    }
  }

  private static void assumeUsable(EngineKind kind) {
    assumeTrue(
        kind != EngineKind.DEEPLEARNING4J || OneDnnWeights.areUsable(),
        "oneDNN has no natives for this machine");
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
          .hasMessageContaining("cannot compute in two towers: conv4")
          .hasMessageEndingWith("serve it with inference.towers=1");
    }
  }
}
