package io.tagstream.model.engine.nd4j;

import static io.tagstream.model.engine.nd4j.TrainingSetups.BATCH;
import static io.tagstream.model.engine.nd4j.TrainingSetups.CLASSES;
import static io.tagstream.model.engine.nd4j.TrainingSetups.GIBIBYTE;
import static io.tagstream.model.engine.nd4j.TrainingSetups.PLAIN;
import static io.tagstream.model.engine.nd4j.TrainingSetups.all;
import static io.tagstream.model.engine.nd4j.TrainingSetups.assertSameMoves;
import static io.tagstream.model.engine.nd4j.TrainingSetups.classes;
import static io.tagstream.model.engine.nd4j.TrainingSetups.crops;
import static io.tagstream.model.engine.nd4j.TrainingSetups.difference;
import static io.tagstream.model.engine.nd4j.TrainingSetups.largest;
import static io.tagstream.model.engine.nd4j.TrainingSetups.narrow;
import static io.tagstream.model.engine.nd4j.TrainingSetups.numbers;
import static io.tagstream.model.engine.nd4j.TrainingSetups.setup;
import static io.tagstream.model.engine.nd4j.TrainingSetups.startingFrom;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.TrainingStep.Setup;
import io.tagstream.model.image.TestPictures;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.DeviceShare;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.LocalResponseNormalization.Scope;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Towers;
import io.tagstream.model.network.Weights;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Two towers against one device, whose gradients {@link DirectTrainingStepTest} checks. */
@Timeout(120)
class TowerTrainingTest {
  /** With larger rates, trainings that differ in the last bit diverge within ten steps. */
  private static final double RATE = 1e-4;

  /** The paper's layers on small images, normalised so strongly that the neighbours matter. */
  private static NetworkDescription network(double width, Scope scope) {
    return network(width, 5, scope);
  }

  private static NetworkDescription network(double width, int size, Scope scope) {
    LocalResponseNormalization lrn = new LocalResponseNormalization(size, 2, 0.1, 0.75, scope);
    NetworkDescription full = NetworkDescription.alexNet(CLASSES, width);
    return new NetworkDescription(67, full.convolutions(), full.dense())
        .withConvolutions(layer -> layer.withNormalization(layer.normalization().map(any -> lrn)));
  }

  static Stream<Arguments> networks() {
    return Stream.of(
        argumentSet("by tower", network(0.1, Scope.TOWER)),
        argumentSet("over all maps", network(0.2, Scope.ALL)),
        argumentSet("over all of fewer than are seen", network(0.05, 7, Scope.ALL)),
        argumentSet("one group", narrow().withConvolutions(layer -> layer.withGroups(1))),
        argumentSet(
            "not normalised",
            narrow().withConvolutions(layer -> layer.withNormalization(Optional.empty()))));
  }

  /**
   * With one image and no dropout the loss of a class is the logarithm of its probability, so that
   * one step per class reveals every output of the forward pass.
   */
  @ParameterizedTest
  @MethodSource("networks")
  void everyProbabilityMatchesOneDevice(NetworkDescription withDropout) {
    NetworkDescription network = withoutDropout(withDropout);
    Setup setup = setup(network, all(network), PLAIN, 0, Optional.empty(), GIBIBYTE, 2);
    try (TrainingStep one = new DirectTrainingStep(setup);
        TrainingStep two = DirectTrainingStep.inTowers(setup)) {
      for (int image = 1; image <= 3; image++) {
        double[] expected = probabilities(one, crops(network, 1, image));
        assertThat(DoubleStream.of(expected).sum()).isCloseTo(1, within(1e-5));
        assertThat(DoubleStream.of(expected).max().orElseThrow()).isGreaterThan(1.1 / CLASSES);
        assertThat(probabilities(two, crops(network, 1, image)))
            .containsExactly(expected, within(1e-5));
      }
    }
  }

  private static NetworkDescription withoutDropout(NetworkDescription network) {
    return new NetworkDescription(
        network.inputSize(),
        network.convolutions(),
        network.dense().stream()
            .map(layer -> new Dense(layer.name(), layer.units(), layer.activation(), 0))
            .toList());
  }

  /** Computed from steps that change no weight. */
  private static double[] probabilities(TrainingStep step, CropBatch image) {
    return IntStream.range(0, CLASSES)
        .mapToDouble(label -> Math.exp(-step.step(image, new int[] {label}, 0)))
        .toArray();
  }

  /**
   * After steps of other sizes and dropout masks, whose leftovers would be detected. These steps
   * change no weight: if weights differed in the last bit, a ReLU could be active in one training
   * only.
   */
  @ParameterizedTest
  @MethodSource("networks")
  void everyGradientMatchesOneDevice(NetworkDescription network) {
    Setup setup = setup(network);
    for (int size : new int[] {BATCH, 33, 1}) {
      try (TrainingStep one = new DirectTrainingStep(setup);
          TrainingStep two = DirectTrainingStep.inTowers(setup)) {
        for (int before : new int[] {BATCH, 3}) {
          one.step(crops(network, before, before), classes(before), 0);
          two.step(crops(network, before, before), classes(before), 0);
        }
        double expected = one.step(crops(network, size, size), classes(size), 0.1);
        double loss = two.step(crops(network, size, size), classes(size), 0.1);
        assertThat(loss).isCloseTo(expected, within(1e-5 * expected));
        assertSameMoves(setup, two.weights(), one.weights(), 1e-5);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void tenStepsWithMomentumLeadToTheSameWeights(NetworkDescription network) {
    tenSteps(network, 2, step -> crops(network, BATCH, step));
  }

  /** Two teams of threads run concurrently. */
  @Test
  void aTowerHasSeveralThreads() {
    NetworkDescription network = network(0.1, Scope.ALL);
    tenSteps(network, 4, step -> crops(network, BATCH, step));
  }

  @Test
  void tenStepsOnPhotosLeadToTheSameWeights() throws Exception {
    NetworkDescription network = NetworkDescription.alexNet(CLASSES, 0.25);
    List<byte[]> photos = TestPictures.flowerCrops(2 * BATCH);
    tenSteps(
        network,
        2,
        step ->
            new CropBatch(
                photos.subList(step % 2 * BATCH, (step % 2 + 1) * BATCH), 1, 227 * 227 * 3));
  }

  private interface Batches {
    CropBatch of(int step);
  }

  private static void tenSteps(NetworkDescription network, int threads, Batches batches) {
    Setup setup =
        startingFrom(
            setup(
                network,
                all(network),
                new Optimizer.Sgd(RATE, 0.9, 5e-4),
                0,
                Optional.of(0.9),
                GIBIBYTE,
                threads),
            Initialisation.HE.draw(network, 1));
    try (TrainingStep one = new DirectTrainingStep(setup);
        TrainingStep two = DirectTrainingStep.inTowers(setup)) {
      for (int step = 0; step < 10; step++) {
        one.step(batches.of(step), classes(BATCH), RATE);
        two.step(batches.of(step), classes(BATCH), RATE);
      }
      assertSame(network, two.weights(), one.weights());
      assertSame(network, two.averaged(), one.averaged());
      assertSameMoves(setup, two.weights(), one.weights(), 1e-2);
      assertSameMoves(setup, two.averaged(), one.averaged(), 1e-2);
    }
  }

  private static void assertSame(NetworkDescription network, Weights actual, Weights expected) {
    for (Parameter parameter : network.parameters()) {
      String name = parameter.name();
      assertThat(largest(difference(numbers(actual.get(name)), numbers(expected.get(name)))))
          .as(name)
          .isLessThan(1e-5);
    }
  }

  @ParameterizedTest
  @MethodSource("io.tagstream.model.engine.nd4j.TrainingSetups#trainables")
  void frozenParametersStayAndTheOthersMatchOneDevice(Set<String> trainable) {
    Setup setup = setup(narrow(), trainable, PLAIN, 0, Optional.empty(), GIBIBYTE, 1);
    try (TrainingStep one = new DirectTrainingStep(setup);
        TrainingStep two = DirectTrainingStep.inTowers(setup)) {
      one.step(crops(narrow(), BATCH, 1), classes(BATCH), 0.01);
      two.step(crops(narrow(), BATCH, 1), classes(BATCH), 0.01);
      assertSameMoves(setup, two.weights(), one.weights(), 1e-5);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 5, 1})
  void aBatchInPartsMakesTheSameUpdate(int part) {
    NetworkDescription network = network(0.1, Scope.ALL);
    List<DeviceShare> shares = DeviceShare.towers(network);
    Setup whole = setup(network);
    MemoryPlan plan = MemoryPlan.inParts(BATCH, part, 0);
    Setup parts =
        setup(network, all(network), PLAIN, 0.1, Optional.empty(), plan.bytes(whole, shares), 1);
    assertThat(MemoryPlan.of(parts, shares)).isEqualTo(plan);
    try (TrainingStep one = DirectTrainingStep.inTowers(whole);
        TrainingStep many = DirectTrainingStep.inTowers(parts)) {
      one.step(crops(network, BATCH, 3), classes(BATCH), 0.1);
      many.step(crops(network, BATCH, 3), classes(BATCH), 0.1);
      assertSameMoves(whole, many.weights(), one.weights(), 1e-5);
    }
  }

  /**
   * A normalisation across towers exchanges twice its neighbours forward, and gradients backward.
   */
  @ParameterizedTest
  @EnumSource(Scope.class)
  void exchangedBytesMatchTheDescription(Scope scope) {
    NetworkDescription network = network(0.2, scope);
    try (DirectTrainingStep towers = DirectTrainingStep.inTowers(setup(network))) {
      towers.step(crops(network, BATCH, 1), classes(BATCH), 0.1);
      Map<String, Long> expected = new HashMap<>();
      new Towers(network)
          .exchangedBytes()
          .forEach(
              (layer, bytes) ->
                  expected.put(layer, BATCH * bytes * (layer.endsWith(" lrn") ? 3 : 2)));
      // Three of the five classes are the second tower's.
      expected.put("softmax", 3L * Float.BYTES * BATCH);
      assertThat(towers.takeExchangedBytes()).isEqualTo(expected);
    }
  }

  @Test
  void aNetworkThatCannotBeHalvedIsRefused() {
    Setup setup =
        setup(
            narrow()
                .withConvolutions(
                    layer -> layer.name().equals("conv4") ? layer.withGroups(5) : layer));
    assertThatThrownBy(() -> DirectTrainingStep.inTowers(setup))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("conv4 cannot be divided into two towers: ")
        .hasMessageEndingWith("it trains on one device, with training.towers=1");
  }

  @Test
  void savedTowersResumeAndOneDeviceRefusesThem() throws IOException {
    NetworkDescription network = network(0.1, Scope.TOWER);
    Setup setup = setup(network);
    ByteArrayOutputStream saved = new ByteArrayOutputStream();
    try (TrainingStep first = DirectTrainingStep.inTowers(setup);
        TrainingStep second = DirectTrainingStep.inTowers(setup);
        TrainingStep alone = new DirectTrainingStep(setup)) {
      first.step(crops(network, BATCH, 1), classes(BATCH), 0.1);
      first.save(saved);
      second.restore(new ByteArrayInputStream(saved.toByteArray()));
      first.step(crops(network, BATCH, 2), classes(BATCH), 0.1);
      second.step(crops(network, BATCH, 2), classes(BATCH), 0.1);
      for (Parameter parameter : network.parameters()) {
        assertThat(numbers(second.weights().get(parameter.name())))
            .isEqualTo(numbers(first.weights().get(parameter.name())));
      }
      assertThatThrownBy(() -> alone.restore(new ByteArrayInputStream(saved.toByteArray())))
          .isInstanceOf(ModelException.class)
          .hasMessage(
              "the checkpoint is of a training with training.towers=2: resume it with that setting");
    }
  }
}
