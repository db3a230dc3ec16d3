package io.tagstream.model.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.TrainingStep.Setup;
import io.tagstream.model.engine.samediff.RandomWeights;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.LocalResponseNormalization.Scope;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Small networks, and trainings whose steps reveal the gradients. */
final class TrainingSetups {
  static final int CLASSES = 5;

  /** More than a chunk, and not a multiple of it. */
  static final int BATCH = 37;

  static final long GIBIBYTE = 1L << 30;

  /** With it a step writes w - gradient, which reveals the gradient. */
  static final Optimizer PLAIN = new Optimizer.Sgd(1, 0, 0);

  /** The paper's layers, narrow, on the smallest image for which pool5 has an input. */
  static NetworkDescription narrow() {
    NetworkDescription full = NetworkDescription.alexNet(CLASSES, 0.05);
    return new NetworkDescription(67, full.convolutions(), full.dense());
  }

  /** Normalised within a tower and more strongly, so that the neighbours matter. */
  static NetworkDescription towers() {
    LocalResponseNormalization lrn = new LocalResponseNormalization(5, 2, 0.1, 0.75, Scope.TOWER);
    return narrow()
        .withConvolutions(layer -> layer.withNormalization(layer.normalization().map(any -> lrn)));
  }

  /** The kernels do not reach the last pixels, as in BVLC's 224 form. */
  static NetworkDescription unreached() {
    return new NetworkDescription(69, narrow().convolutions(), narrow().dense());
  }

  /** Features that the paper's network does not have. */
  static NetworkDescription unlike() {
    return new NetworkDescription(
        18,
        List.of(
            new Convolution(
                "conv1",
                6,
                3,
                2,
                1,
                3,
                Activation.TANH,
                Optional.of(new LocalResponseNormalization(3, 1, 0.3, 0.5)),
                Optional.of(new MaxPool(2, 2, 1))),
            new Convolution(
                "conv2",
                8,
                3,
                1,
                0,
                2,
                Activation.IDENTITY,
                Optional.of(new LocalResponseNormalization(1, 2, 0.1, 0.75)),
                Optional.of(new MaxPool(3, 2, 1)))),
        List.of(
            new Dense("fc6", 10, Activation.TANH, 0.25),
            new Dense("fc7", 7, Activation.IDENTITY, 0.5),
            new Dense("fc8", CLASSES, Activation.TANH, 0.25)));
  }

  /** No pooling between the convolutions; the first one has one group per colour. */
  static NetworkDescription bare() {
    return new NetworkDescription(
        8,
        List.of(
            new Convolution(
                "conv1", 6, 3, 1, 1, 3, Activation.RELU, Optional.empty(), Optional.empty()),
            new Convolution(
                "conv2",
                8,
                2,
                3,
                0,
                1,
                Activation.RELU,
                Optional.of(new LocalResponseNormalization(5, 2, 0.1, 0.75)),
                Optional.empty())),
        List.of(
            new Dense("fc6", 9, Activation.RELU, 0),
            new Dense("fc7", CLASSES, Activation.IDENTITY, 0)));
  }

  private TrainingSetups() {}

  static Set<String> all(NetworkDescription network) {
    return some(network, name -> true);
  }

  static Set<String> some(NetworkDescription network, Predicate<String> wanted) {
    return network.parameters().stream()
        .map(Parameter::name)
        .filter(wanted)
        .collect(Collectors.toSet());
  }

  /** Sets of trainable parameters of the {@link #narrow} network. */
  static Stream<Arguments> trainables() {
    NetworkDescription network = narrow();
    return Stream.of(
        argumentSet("last layer", some(network, name -> name.startsWith("fc8"))),
        argumentSet("dense layers", some(network, name -> name.startsWith("fc"))),
        argumentSet("from conv3", some(network, name -> !name.matches("conv[12].*"))),
        argumentSet("from conv2", some(network, name -> !name.startsWith("conv1"))),
        argumentSet("all but conv4", some(network, name -> !name.startsWith("conv4"))),
        argumentSet("biases", some(network, name -> name.endsWith("bias"))),
        argumentSet("first and last", Set.of("conv1.weight", "fc8.bias")));
  }

  static Setup setup(NetworkDescription network) {
    return setup(network, all(network), PLAIN, 0.1, Optional.empty(), GIBIBYTE, 1);
  }

  static Setup setup(
      NetworkDescription network,
      Set<String> trainable,
      Optimizer optimizer,
      double labelSmoothing,
      Optional<Double> averaging,
      long memoryBytes,
      int threads) {
    return new Setup(
        RandomWeights.of(network, 1),
        Preprocessing.tagstream(network.inputSize()),
        trainable,
        optimizer,
        labelSmoothing,
        averaging,
        BATCH,
        memoryBytes,
        7,
        threads);
  }

  static Setup startingFrom(Setup setup, Weights start) {
    return new Setup(
        start,
        setup.preprocessing(),
        setup.trainable(),
        setup.optimizer(),
        setup.labelSmoothing(),
        setup.averaging(),
        setup.batchSize(),
        setup.memoryBytes(),
        setup.seed(),
        setup.threads());
  }

  static CropBatch crops(NetworkDescription network, int count, long seed) {
    Random random = new Random(seed);
    int bytes = network.inputSize() * network.inputSize() * 3;
    return new CropBatch(
        Stream.generate(() -> new byte[bytes]).limit(count).peek(random::nextBytes).toList(),
        1,
        bytes);
  }

  static int[] classes(int count) {
    return IntStream.range(0, count).map(i -> i * 3 % CLASSES).toArray();
  }

  static float[] numbers(FloatBuffer buffer) {
    float[] numbers = new float[buffer.remaining()];
    buffer.get(numbers);
    return numbers;
  }

  static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  static float[] difference(float[] left, float[] right) {
    float[] difference = new float[left.length];
    for (int i = 0; i < left.length; i++) {
      difference[i] = left[i] - right[i];
    }
    return difference;
  }

  /** Compares weights; the tolerance is a share of the largest change since the start. */
  static void assertSameMoves(Setup setup, Weights actual, Weights expected, double tolerance) {
    for (Parameter parameter : setup.start().network().parameters()) {
      String name = parameter.name();
      float[] start = numbers(setup.start().get(name));
      float[] move = difference(numbers(expected.get(name)), start);
      float[] off = difference(numbers(actual.get(name)), numbers(expected.get(name)));
      if (setup.trainable().contains(name)) {
        assertThat(largest(move)).as(name).isPositive();
        assertThat(largest(off) / largest(move)).as(name).isLessThan(tolerance);
      } else {
        assertThat(numbers(actual.get(name))).as(name).isEqualTo(start);
      }
    }
  }
}
