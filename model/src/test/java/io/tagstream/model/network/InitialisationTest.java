package io.tagstream.model.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class InitialisationTest {
  /** Wide enough to measure a deviation to one or two per cent. */
  private final NetworkDescription network = NetworkDescription.alexNet(100, 0.25);

  @Test
  void papersWeightsHaveItsDeviationInEveryLayer() {
    NetworkDescription whole = NetworkDescription.alexNet(100);
    Weights weights = Initialisation.PAPER.draw(whole, 1);
    for (Parameter parameter : weightsOf(whole)) {
      assertNormal(weights.get(parameter.name()), 0.01);
    }
  }

  @Test
  void aNarrowNetworksPreActivationsHaveThePapersVariance() {
    Weights weights = Initialisation.PAPER.draw(network, 1);
    assertNormal(weights.get("conv1.weight"), 0.01);
    // A quarter of the terms.
    assertNormal(weights.get("conv2.weight"), 0.02);
    assertNormal(weights.get("fc6.weight"), 0.02);
    assertNormal(weights.get("fc8.weight"), 0.02);
  }

  @Test
  void papersBiasesAreOneWhereItSaysSo() {
    Weights weights = Initialisation.PAPER.draw(network, 1);
    Map<String, List<Float>> biases =
        biasesOf(network).stream()
            .collect(Collectors.toMap(Parameter::layer, p -> distinct(weights.get(p.name()))));
    assertThat(biases)
        .isEqualTo(
            Map.of(
                "conv1", List.of(0f),
                "conv2", List.of(1f),
                "conv3", List.of(0f),
                "conv4", List.of(1f),
                "conv5", List.of(1f),
                "fc6", List.of(1f),
                "fc7", List.of(1f),
                "fc8", List.of(0f)));
  }

  @Test
  void hesDeviationKeepsTheVariance() {
    Weights weights = Initialisation.HE.draw(network, 1);
    // Inputs of one output: 3 colours x 11 x 11; 24 maps of two groups x 5 x 5; 64 maps x 6 x 6.
    assertNormal(weights.get("conv1.weight"), Math.sqrt(2.0 / 363));
    assertNormal(weights.get("conv2.weight"), Math.sqrt(2.0 / 300));
    assertNormal(weights.get("fc6.weight"), Math.sqrt(2.0 / 2304));
    assertNormal(weights.get("fc8.weight"), 0.01);
    for (Parameter bias : biasesOf(network)) {
      assertThat(distinct(weights.get(bias.name()))).containsExactly(0f);
    }
  }

  @Test
  void sameSeedSameNumbers() {
    FloatBuffer once = Initialisation.HE.draw(network, 7).get("conv3.weight");
    assertThat(Initialisation.HE.draw(network, 7).get("conv3.weight")).isEqualTo(once);
    assertThat(Initialisation.HE.draw(network, 8).get("conv3.weight")).isNotEqualTo(once);
  }

  @Test
  void theSizeOfOneLayerDoesNotChangeTheOthers() {
    List<Convolution> convolutions = new ArrayList<>(network.convolutions());
    Convolution first = convolutions.get(0);
    convolutions.set(
        0,
        new Convolution(
            first.name(),
            first.channels(),
            7,
            first.stride(),
            2,
            first.groups(),
            first.activation(),
            first.normalization(),
            first.pool()));
    NetworkDescription other =
        new NetworkDescription(network.inputSize(), convolutions, network.dense());
    assertThat(Initialisation.HE.draw(other, 7).get("conv3.weight"))
        .isEqualTo(Initialisation.HE.draw(network, 7).get("conv3.weight"));
  }

  private static List<Parameter> weightsOf(NetworkDescription network) {
    return network.parameters().stream().filter(p -> p.shape().size() > 1).toList();
  }

  private static List<Parameter> biasesOf(NetworkDescription network) {
    return network.parameters().stream().filter(p -> p.shape().size() == 1).toList();
  }

  private static List<Float> distinct(FloatBuffer values) {
    return values(values).distinct().toList();
  }

  private static Stream<Float> values(FloatBuffer values) {
    return IntStream.range(0, values.remaining()).mapToObj(values::get);
  }

  /** Mean, deviation, and the share beyond two deviations that a normal distribution has. */
  private static void assertNormal(FloatBuffer values, double deviation) {
    double sum = 0;
    double squares = 0;
    int far = 0;
    int count = values.remaining();
    for (int i = 0; i < count; i++) {
      double value = values.get(i) / deviation;
      sum += value;
      squares += value * value;
      far += Math.abs(value) > 2 ? 1 : 0;
    }
    double error = 5 / Math.sqrt(count);
    assertThat(sum / count).isCloseTo(0, within(error));
    assertThat(Math.sqrt(squares / count)).isCloseTo(1, within(error));
    assertThat((double) far / count).isCloseTo(0.0455, within(error));
  }
}
