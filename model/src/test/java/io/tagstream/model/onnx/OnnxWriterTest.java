package io.tagstream.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.tagstream.model.engine.ReferenceNetwork;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxWriterTest {
  private static final int BATCH = 3;

  static Stream<NetworkDescription> networks() {
    return Stream.of(TinyNetworks.everything(), NetworkDescription.alexNet(10, 1 / 64.0));
  }

  static byte[] write(Weights weights) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    OnnxWriter.write(weights, out);
    return out.toByteArray();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void onnxRuntimeComputesWhatTheFormulasGive(NetworkDescription network)
      throws IOException, OrtException {
    Weights weights = TinyNetworks.weights(network, 7);
    float[] images = new float[BATCH * 3 * network.inputSize() * network.inputSize()];
    Random random = new Random(8);
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextGaussian();
    }

    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session =
            environment.createSession(write(weights), new OrtSession.SessionOptions());
        OnnxTensor input =
            OnnxTensor.createTensor(
                environment,
                FloatBuffer.wrap(images),
                new long[] {BATCH, 3, network.inputSize(), network.inputSize()});
        OrtSession.Result result = session.run(Map.of("image", input))) {
      float[][] probabilities = (float[][]) result.get("probabilities").orElseThrow().getValue();
      float[][] features = (float[][]) result.get("features").orElseThrow().getValue();
      ReferenceNetwork reference = new ReferenceNetwork(weights);
      for (int i = 0; i < BATCH; i++) {
        double[][][] image = image(images, i, network.inputSize());
        assertClose(probabilities[i], reference.probabilities(image), 1);
        double[] expected = reference.features(image);
        assertClose(
            features[i], expected, Arrays.stream(expected).map(Math::abs).max().orElseThrow());
      }
    }
  }

  /** An image of the batch as {@code [3][S][S]}. */
  private static double[][][] image(float[] images, int index, int side) {
    double[][][] image = new double[3][side][side];
    for (int i = 0; i < 3 * side * side; i++) {
      image[i / (side * side)][i / side % side][i % side] = images[index * 3 * side * side + i];
    }
    return image;
  }

  private static void assertClose(float[] found, double[] expected, double largest) {
    assertThat(found).hasSize(expected.length);
    for (int i = 0; i < found.length; i++) {
      assertThat((double) found[i]).isCloseTo(expected[i], within(1e-5 * largest));
    }
  }

  @Test
  void theBatchIsOpenAndTheShapesAreTheDescriptions() throws IOException, OrtException {
    NetworkDescription network = TinyNetworks.everything();
    try (OrtSession session =
        OrtEnvironment.getEnvironment()
            .createSession(
                write(TinyNetworks.weights(network, 1)), new OrtSession.SessionOptions())) {
      assertThat(shape((TensorInfo) session.getInputInfo().get("image").getInfo()))
          .containsExactly(-1, 3, 19, 19);
      assertThat(shape((TensorInfo) session.getOutputInfo().get("probabilities").getInfo()))
          .containsExactly(-1, 3);
      assertThat(shape((TensorInfo) session.getOutputInfo().get("features").getInfo()))
          .containsExactly(-1, 5);
    }
  }

  private static long[] shape(TensorInfo info) {
    return info.getShape();
  }

  @Test
  void theSameModelGivesTheSameBytes() throws IOException {
    NetworkDescription network = TinyNetworks.everything();
    assertThat(write(TinyNetworks.weights(network, 1)))
        .isEqualTo(write(TinyNetworks.weights(network, 1)))
        .isNotEqualTo(write(TinyNetworks.weights(network, 2)));
  }
}
