package io.tagstream.model.engine.samediff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.engine.ReferenceNetwork;
import io.tagstream.model.engine.samediff.SameDiffGradients.Gradients;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class SameDiffNetworkTest {
  private static final int CLASSES = 5;

  @BeforeAll
  static void oneThread() {
    Nd4jThreads.one();
  }

  /** The paper's layers, narrow, on the smallest image for which pool5 has an input. */
  private static NetworkDescription narrow() {
    NetworkDescription full = NetworkDescription.alexNet(CLASSES, 0.05);
    return new NetworkDescription(67, full.convolutions(), full.dense());
  }

  /**
   * Features that the paper's network does not have: one group, tanh, another beta, pool padding.
   */
  private static NetworkDescription unlike() {
    LocalResponseNormalization lrn = new LocalResponseNormalization(3, 1, 0.3, 0.5);
    return new NetworkDescription(
        18,
        List.of(
            new Convolution(
                "conv1",
                6,
                3,
                2,
                1,
                1,
                Activation.TANH,
                Optional.of(lrn),
                Optional.of(new MaxPool(2, 2, 1))),
            new Convolution(
                "conv2",
                8,
                3,
                1,
                1,
                2,
                Activation.TANH,
                Optional.empty(),
                Optional.of(new MaxPool(3, 2, 1)))),
        List.of(
            new Dense("fc6", 10, Activation.TANH, 0.25),
            new Dense("fc7", CLASSES, Activation.IDENTITY, 0)));
  }

  static Stream<NetworkDescription> networks() {
    return Stream.of(narrow(), unlike());
  }

  @ParameterizedTest
  @MethodSource("networks")
  void forwardMatchesTheFormulas(NetworkDescription network) {
    Weights weights = RandomWeights.of(network, 1);
    int side = network.inputSize();
    INDArray input = normal(1, 2, 3, side, side).castTo(DataType.FLOAT);
    try (SameDiffNetwork serving = new SameDiffNetwork(weights);
        SameDiffGradients training =
            new SameDiffGradients(weights, DataType.FLOAT, names(network))) {
      ReferenceNetwork reference = new ReferenceNetwork(weights);
      INDArray probabilities = serving.probabilities(input).dup();
      for (INDArray features :
          List.of(serving.features(input).dup(), training.features(input).dup())) {
        for (int i = 0; i < 2; i++) {
          double[][][] image = image(input, i);
          assertThat(probabilities.getRow(i).toDoubleVector())
              .containsExactly(reference.probabilities(image), within(1e-5));
          assertThat(features.getRow(i).toDoubleVector())
              .containsExactly(
                  reference.features(image), within(1e-5 * features.amaxNumber().doubleValue()));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void everyGradientMatchesFiniteDifferences(NetworkDescription network) {
    Random random = new Random(2);
    int side = network.inputSize();
    INDArray input = normal(3, 2, 3, side, side);
    INDArray targets = Nd4j.zeros(DataType.DOUBLE, 2, CLASSES);
    targets.putScalar(0, 1, 1);
    targets.putScalar(1, 3, 1);
    Map<String, INDArray> masks = masks(network, 2, random);
    try (SameDiffGradients graph =
        new SameDiffGradients(RandomWeights.of(network, 4), DataType.DOUBLE, names(network))) {
      Gradients gradients = graph.gradients(input, targets, masks);
      Map<String, double[]> byParameter = new HashMap<>();
      gradients
          .byParameter()
          .forEach((name, value) -> byParameter.put(name, value.dup('c').data().asDouble()));
      assertThat(byParameter).containsOnlyKeys(names(network));
      assertThat(gradients.loss()).isCloseTo(graph.loss(input, targets, masks), within(1e-12));

      byParameter.forEach(
          (name, gradient) -> {
            double largest = largest(gradient);
            assertThat(largest).as(name).isPositive();
            INDArray parameter = graph.parameter(name);
            for (int sample = 0; sample < 6; sample++) {
              // After a ReLU most gradients of a layer may be 0; the test needs a few that are not.
              int at = random.nextInt(gradient.length);
              while (sample < 4 && Math.abs(gradient[at]) < 0.05 * largest) {
                at = random.nextInt(gradient.length);
              }
              double value = parameter.data().getDouble(at);
              double step = 1e-6;
              parameter.data().put(at, value + step);
              double above = graph.loss(input, targets, masks);
              parameter.data().put(at, value - step);
              double below = graph.loss(input, targets, masks);
              parameter.data().put(at, value);
              assertThat((above - below) / (2 * step))
                  .as("%s at %d", name, at)
                  .isCloseTo(gradient[at], within(1e-6 * Math.max(largest, 0.1)));
            }
          });
    }
  }

  /** Numbers worked out by hand: 100 / (2 + 1e-4 * 100^2)^0.75 and 100 / (2 + 5)^0.75. */
  @Test
  void normalizationHasThePapersNumbers() {
    LocalResponseNormalization lrn = LocalResponseNormalization.PAPER;
    assertThat(normalized(lrn, 0, 0, 0, 0, 100, 0, 0, 0, 0)[4]).isCloseTo(43.87, within(0.005));
    assertThat(normalized(lrn, 0, 0, 100, 100, 100, 100, 100, 0, 0)[4])
        .isCloseTo(23.24, within(0.005));
    // The channels at the edge have fewer neighbours: 100 / (2 + 3)^0.75.
    assertThat(normalized(lrn, 100, 100, 100, 0, 0, 0, 0, 0, 0)[0]).isCloseTo(29.91, within(0.005));
  }

  /**
   * With d = k + alpha * sum(x^2) and h = g * d^-beta, dx = h - 2 * alpha * beta * x * sum(h * x /
   * d). An alpha of 0.1 lets the second term weigh as much as the first.
   */
  @Test
  void normalizationHasTheGradientOfTheClosedForm() {
    double[] x = {0.5, -2, 3, 1, 0, -1.5, 4, 2.5, -0.5};
    for (double beta : new double[] {0.75, 0.6}) {
      LocalResponseNormalization lrn = new LocalResponseNormalization(5, 2, 0.1, beta);
      try (SameDiffGradients graph = onlyNormalization(lrn, x)) {
        INDArray targets = Nd4j.zeros(DataType.DOUBLE, 1, 9);
        targets.putScalar(0, 6, 1);
        Gradients gradients =
            graph.gradients(Nd4j.zeros(DataType.DOUBLE, 1, 3, 1, 1), targets, Map.of());
        // An identity follows the normalisation, so its bias has the gradient by the normalised
        // maps.
        double[] g = gradients.byParameter().get("fc6.bias").toDoubleVector();
        double[] d = new double[9];
        for (int i = 0; i < 9; i++) {
          d[i] = 2;
          for (int j = Math.max(0, i - 2); j <= Math.min(8, i + 2); j++) {
            d[i] += 0.1 * x[j] * x[j];
          }
        }
        double[] expected = new double[9];
        for (int i = 0; i < 9; i++) {
          double neighbours = 0;
          for (int j = Math.max(0, i - 2); j <= Math.min(8, i + 2); j++) {
            neighbours += g[j] * Math.pow(d[j], -beta) * x[j] / d[j];
          }
          expected[i] = g[i] * Math.pow(d[i], -beta) - 2 * 0.1 * beta * x[i] * neighbours;
        }
        assertThat(gradients.byParameter().get("conv1.bias").toDoubleVector())
            .containsExactly(expected, within(1e-12));
      }
    }
  }

  @Test
  void masksDropUnitsInTrainingOnly() {
    NetworkDescription network = unlike();
    Weights weights = RandomWeights.of(network, 5);
    try (SameDiffNetwork serving = new SameDiffNetwork(weights);
        SameDiffGradients training =
            new SameDiffGradients(weights, DataType.FLOAT, names(network))) {
      INDArray input = normal(6, 1, 3, 18, 18).castTo(DataType.FLOAT);
      INDArray targets = Nd4j.zeros(DataType.FLOAT, 1, CLASSES);
      targets.putScalar(0, 2, 1);
      double probability = serving.probabilities(input).getDouble(0, 2);
      assertThat(training.loss(input, targets, Map.of("fc6", Nd4j.ones(DataType.FLOAT, 1, 10))))
          .isCloseTo(-Math.log(probability), within(1e-6));

      FloatBuffer bias = weights.get("fc7.bias");
      double sum = 0;
      for (int i = 0; i < CLASSES; i++) {
        sum += Math.exp(bias.get(i));
      }
      assertThat(training.loss(input, targets, Map.of("fc6", Nd4j.zeros(DataType.FLOAT, 1, 10))))
          .isCloseTo(Math.log(sum) - bias.get(2), within(1e-6));
    }
  }

  @Test
  void differentiatesByTheTrainableOnly() {
    NetworkDescription network = narrow();
    List<String> trainable = List.of("fc7.weight", "fc8.bias");
    try (SameDiffGradients graph =
        new SameDiffGradients(RandomWeights.of(network, 7), DataType.DOUBLE, trainable)) {
      INDArray targets = Nd4j.zeros(DataType.DOUBLE, 1, CLASSES);
      targets.putScalar(0, 0, 1);
      Gradients gradients =
          graph.gradients(normal(8, 1, 3, 67, 67), targets, masks(network, 1, new Random(9)));
      assertThat(gradients.byParameter()).containsOnlyKeys(new HashSet<>(trainable));
    }
  }

  /** With batches of another size in between, because arrays are reused by size. */
  @Test
  void aCallDoesNotAffectTheNext() {
    NetworkDescription network = unlike();
    try (SameDiffNetwork graph = new SameDiffNetwork(RandomWeights.of(network, 10))) {
      INDArray first = normal(11, 2, 3, 18, 18).castTo(DataType.FLOAT);
      INDArray second = normal(12, 2, 3, 18, 18).castTo(DataType.FLOAT);
      INDArray other = normal(13, 5, 3, 18, 18).castTo(DataType.FLOAT);
      float[] before = graph.probabilities(first).dup().data().asFloat();
      graph.probabilities(second);
      assertThat(graph.probabilities(first).dup().data().asFloat()).isEqualTo(before);
      graph.probabilities(other);
      assertThat(graph.probabilities(first).dup().data().asFloat()).isEqualTo(before);
    }
  }

  /** Normalises channels with the given values. */
  private static double[] normalized(LocalResponseNormalization lrn, double... channels) {
    try (SameDiffGradients graph = onlyNormalization(lrn, channels)) {
      return graph.features(Nd4j.zeros(DataType.DOUBLE, 1, 3, 1, 1)).toDoubleVector();
    }
  }

  /** A network of one pixel whose channels are conv1's biases and whose fc6 passes them on. */
  private static SameDiffGradients onlyNormalization(
      LocalResponseNormalization lrn, double... channels) {
    int count = channels.length;
    NetworkDescription network =
        new NetworkDescription(
            1,
            List.of(
                new Convolution(
                    "conv1",
                    count,
                    1,
                    1,
                    0,
                    1,
                    Activation.IDENTITY,
                    Optional.of(lrn),
                    Optional.empty())),
            List.of(
                new Dense("fc6", count, Activation.IDENTITY, 0),
                new Dense("fc7", count, Activation.IDENTITY, 0)));
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      values.put(parameter.name(), FloatBuffer.allocate((int) parameter.count()));
    }
    for (int i = 0; i < count; i++) {
      values.get("conv1.bias").put(i, (float) channels[i]);
      values.get("fc6.weight").put(i * count + i, 1);
      values.get("fc7.weight").put(i * count + i, 0.5f);
    }
    return new SameDiffGradients(new Weights(network, values), DataType.DOUBLE, names(network));
  }

  private static Map<String, INDArray> masks(NetworkDescription network, int size, Random random) {
    return network.dense().stream()
        .filter(layer -> layer.dropout() > 0)
        .collect(
            Collectors.toMap(
                Dense::name,
                layer -> {
                  INDArray mask = Nd4j.zeros(DataType.DOUBLE, size, layer.units());
                  for (long i = 0; i < mask.length(); i++) {
                    if (random.nextDouble() >= layer.dropout()) {
                      mask.putScalar(i, 1 / (1 - layer.dropout()));
                    }
                  }
                  return mask;
                }));
  }

  private static List<String> names(NetworkDescription network) {
    return network.parameters().stream().map(Parameter::name).toList();
  }

  private static INDArray normal(long seed, long... shape) {
    Random random = new Random(seed);
    INDArray array = Nd4j.createUninitialized(DataType.DOUBLE, shape);
    for (long i = 0; i < array.length(); i++) {
      array.data().put(i, random.nextGaussian());
    }
    return array;
  }

  private static double[][][] image(INDArray batch, int index) {
    int side = (int) batch.size(2);
    double[][][] image = new double[3][side][side];
    for (int channel = 0; channel < 3; channel++) {
      for (int row = 0; row < side; row++) {
        for (int column = 0; column < side; column++) {
          image[channel][row][column] = batch.getDouble(index, channel, row, column);
        }
      }
    }
    return image;
  }

  private static double largest(double[] values) {
    double largest = 0;
    for (double value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
