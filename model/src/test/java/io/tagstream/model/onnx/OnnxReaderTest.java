package io.tagstream.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.ModelException;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.LocalResponseNormalization.Scope;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Quantization;
import io.tagstream.model.network.Weights;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.UnknownFieldSet;

class OnnxReaderTest {
  private static final NetworkDescription NETWORK = TinyNetworks.everything();
  private static final Weights WEIGHTS = TinyNetworks.weights(NETWORK, 3);

  @TempDir Path folder;

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve("model.onnx"), content);
  }

  private Path changed(Consumer<GraphProto.Builder> change) throws IOException {
    ModelProto.Builder model = ModelProto.parseFrom(OnnxWriterTest.write(WEIGHTS)).toBuilder();
    change.accept(model.getGraphBuilder());
    return file(model.build().toByteArray());
  }

  private static void assertSame(Weights found, Weights expected) {
    assertThat(found.network()).isEqualTo(expected.network());
    for (Parameter parameter : expected.network().parameters()) {
      FloatBuffer numbers = found.get(parameter.name());
      assertThat(numbers).isEqualTo(expected.get(parameter.name()));
      assertThat(numbers.isReadOnly()).isTrue();
    }
  }

  @Test
  void theWritersFilesAreReadBack() throws IOException {
    assertSame(OnnxReader.read(file(OnnxWriterTest.write(WEIGHTS))), WEIGHTS);
  }

  @Test
  void thePapersNetworkIsReadBack() throws IOException {
    NetworkDescription network = NetworkDescription.alexNet(7, 1 / 64.0);
    Weights weights = TinyNetworks.weights(network, 1);
    assertSame(OnnxReader.read(file(OnnxWriterTest.write(weights)), network), weights);
  }

  @Test
  void closedWeightsCannotBeRead() throws IOException {
    Weights weights = OnnxReader.read(file(OnnxWriterTest.write(WEIGHTS)));
    String name = NETWORK.parameters().get(0).name();
    weights.close();
    weights.close();
    assertThatThrownBy(() -> weights.get(name))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the weights are closed");
  }

  @Test
  void theNumbersStayInTheFile() throws IOException {
    Weights weights = OnnxReader.read(file(OnnxWriterTest.write(WEIGHTS)));
    assertThat(weights.get("fc6.weight").isDirect()).isTrue();
  }

  @Test
  void constantsThatFloat32RoundsStillMatchTheDescription() throws IOException {
    NetworkDescription odd =
        new NetworkDescription(
            9,
            List.of(
                new Convolution(
                    "conv1",
                    4,
                    3,
                    1,
                    0,
                    1,
                    Activation.RELU,
                    Optional.of(new LocalResponseNormalization(5, 1 / 3.0, 1 / 7.0, 2 / 3.0)),
                    Optional.empty())),
            List.of(
                new Dense("fc6", 4, Activation.RELU, 1 / 3.0),
                new Dense("fc7", 2, Activation.IDENTITY, 0)));
    Weights weights = TinyNetworks.weights(odd, 1);
    Path file = file(OnnxWriterTest.write(weights));

    assertSame(OnnxReader.read(file, odd), weights);

    Weights byFile = OnnxReader.read(file);
    assertThat(OnnxWriterTest.write(byFile)).isEqualTo(Files.readAllBytes(file));
  }

  @Test
  void normalisationByTowerIsReadBack() throws IOException {
    NetworkDescription towers = NETWORK.normalizing(Scope.TOWER);
    Weights weights = TinyNetworks.weights(towers, 1);
    Path file = file(OnnxWriterTest.write(weights));

    Weights byFile = OnnxReader.read(file);

    assertThat(byFile.network()).isEqualTo(towers).isNotEqualTo(NETWORK);
    assertSame(OnnxReader.read(file, towers), weights);
    assertThatThrownBy(() -> OnnxReader.read(file, NETWORK))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("TOWER");
  }

  @Test
  void anotherNetworkThanDescribedIsRefused() throws IOException {
    Path file = file(OnnxWriterTest.write(WEIGHTS));
    assertThatThrownBy(() -> OnnxReader.read(file, NETWORK.withClasses(4)))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("units=3")
        .hasMessageContaining("instead of")
        .hasMessageContaining("units=4");
  }

  @Test
  void bvlcsAlexNetIsReadAsTheZooHasIt() throws URISyntaxException {
    Path file = Path.of(getClass().getResource("/onnx/light_bvlc_alexnet.onnx").toURI());

    Weights weights = OnnxReader.read(file);

    NetworkDescription network = weights.network();
    assertThat(network.inputSize()).isEqualTo(224);
    assertThat(network.convolutions().get(0).convolvedSide(224)).isEqualTo(54);
    assertThat(network.sides()).containsExactly(224, 26, 12, 12, 12, 6);
    // The file divides alpha by the size; 2e-5 multiplies the plain sum.
    Optional<LocalResponseNormalization> lrn =
        Optional.of(new LocalResponseNormalization(5, 1, 2e-5, 0.75));
    Optional<MaxPool> pool = Optional.of(MaxPool.PAPER);
    Activation relu = Activation.RELU;
    Optional<LocalResponseNormalization> none = Optional.empty();
    assertThat(network.convolutions())
        .containsExactly(
            new Convolution("conv1", 96, 11, 4, 0, 1, relu, lrn, pool),
            new Convolution("conv2", 256, 5, 1, 2, 2, relu, lrn, pool),
            new Convolution("conv3", 384, 3, 1, 1, 1, relu, none, Optional.empty()),
            new Convolution("conv4", 384, 3, 1, 1, 2, relu, none, Optional.empty()),
            new Convolution(
                "conv5", 256, 3, 1, 1, 2, relu, none, Optional.of(new MaxPool(3, 2, 1))));
    assertThat(network.dense())
        .containsExactly(
            new Dense("fc6", 4096, relu, 0.5),
            new Dense("fc7", 4096, relu, 0.5),
            new Dense("fc8", 1000, Activation.IDENTITY, 0));
    assertThat(network.parameters().stream().mapToLong(Parameter::count).sum())
        .isEqualTo(60_965_224);
    FloatBuffer last = weights.get("fc8.bias");
    assertThat(last.get(999)).isEqualTo(0.02f);
    assertThat(OnnxReader.producer(file)).isEqualTo("onnx-caffe2");
  }

  @Test
  void numbersInFloatDataAreRead() throws IOException {
    Path file =
        changed(
            graph ->
                graph
                    .getInitializerBuilderList()
                    .forEach(
                        tensor -> {
                          FloatBuffer numbers = WEIGHTS.get(tensor.getName());
                          tensor.clearRawData();
                          while (numbers.hasRemaining()) {
                            tensor.addFloatData(numbers.get());
                          }
                        }));
    assertSame(OnnxReader.read(file), WEIGHTS);
  }

  @Test
  void numbersInFloatDataOneByOneAreRead() throws IOException {
    Path file =
        changed(
            graph ->
                graph
                    .getInitializerBuilderList()
                    .forEach(
                        tensor -> {
                          FloatBuffer numbers = WEIGHTS.get(tensor.getName());
                          tensor.clearRawData();
                          UnknownFieldSet.Field.Builder single = UnknownFieldSet.Field.newBuilder();
                          while (numbers.hasRemaining()) {
                            single.addFixed32(Float.floatToRawIntBits(numbers.get()));
                          }
                          tensor.setUnknownFields(
                              UnknownFieldSet.newBuilder()
                                  .addField(TensorProto.FLOAT_DATA_FIELD_NUMBER, single.build())
                                  .build());
                        }));
    assertSame(OnnxReader.read(file), WEIGHTS);
  }

  @Test
  void constantNodesAreFolded() throws IOException {
    Path file =
        changed(
            graph -> {
              for (TensorProto tensor : graph.getInitializerList()) {
                graph.addNode(
                    0,
                    NodeProto.newBuilder()
                        .setOpType("Constant")
                        .addOutput(tensor.getName())
                        .addAttribute(
                            AttributeProto.newBuilder()
                                .setName("value")
                                .setType(AttributeProto.AttributeType.TENSOR)
                                .setT(tensor.toBuilder().clearName())));
              }
              graph.clearInitializer();
            });
    assertSame(OnnxReader.read(file), WEIGHTS);
  }

  private static NodeProto.Builder node(GraphProto.Builder graph, String name) {
    return graph.getNodeBuilderList().stream()
        .filter(node -> node.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static TensorProto.Builder tensor(GraphProto.Builder graph, String name) {
    return graph.getInitializerBuilderList().stream()
        .filter(tensor -> tensor.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static AttributeProto.Builder attribute(
      GraphProto.Builder graph, String node, String name) {
    return node(graph, node).getAttributeBuilderList().stream()
        .filter(attribute -> attribute.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Arguments difference(Consumer<GraphProto.Builder> change, String... message) {
    return Arguments.of(change, List.of(message));
  }

  static Stream<Arguments> differences() {
    return Stream.of(
        difference(
            graph -> node(graph, "conv1.pool").setOpType("AveragePool"),
            "node conv1.pool (AveragePool): expected Conv, Flatten, MaxPool or Reshape, found AveragePool"),
        difference(
            graph -> node(graph, "conv1.relu").setOpType("LeakyRelu"),
            "node conv1.relu (LeakyRelu): expected",
            "found LeakyRelu"),
        difference(
            graph -> node(graph, "softmax").setOpType("Sigmoid"),
            "node softmax (Sigmoid): expected Dropout, Gemm, Relu, Softmax or Tanh"),
        difference(
            graph -> attribute(graph, "conv1", "strides").setInts(1, 3),
            "node conv1 (Conv): expected strides the same on all sides, found [2, 3]"),
        difference(
            graph -> attribute(graph, "conv2", "pads").setInts(0, 0),
            "node conv2 (Conv): expected pads the same on all sides, found [0, 1, 1, 1]"),
        difference(
            graph -> attribute(graph, "conv2", "group").setI(1),
            "node conv2 (Conv): expected conv2.weight of shape [6, 4, 3, 3], found [6, 2, 3, 3]"),
        difference(
            graph -> attribute(graph, "conv2", "group").setI(0),
            "node conv2 (Conv): expected conv2.weight of shape [6, 4, 3, 3]"),
        difference(
            graph -> attribute(graph, "conv1.lrn", "size").setI(4),
            "node conv1.lrn (LRN): normalisation size must be odd"),
        difference(
            graph -> attribute(graph, "conv1.pool", "pads").setInts(0, 1),
            "node conv1.pool (MaxPool): expected pads at the end only, equal on both sides, found [1, 0, 0, 0]"),
        difference(
            graph ->
                node(graph, "conv1.pool")
                    .addAttribute(AttributeProto.newBuilder().setName("ceil_mode").setI(1)),
            "node conv1.pool (MaxPool): expected ceil_mode 0, found 1"),
        difference(
            graph ->
                node(graph, "conv1")
                    .addAttribute(
                        AttributeProto.newBuilder()
                            .setName("auto_pad")
                            .setS(ByteString.copyFromUtf8("SAME_UPPER"))),
            "node conv1 (Conv): expected explicit pads, found auto_pad SAME_UPPER"),
        difference(
            graph -> attribute(graph, "fc6", "transB").setI(0),
            "node fc6 (Gemm): expected transA 0 and transB 1"),
        difference(
            graph -> tensor(graph, "fc7.weight").setDims(0, 8).setDims(1, 5),
            "node fc7 (Gemm): expected fc7.weight of shape [8, 8], found [8, 5]"),
        difference(
            graph -> tensor(graph, "fc7.bias").setDims(0, 4),
            "node fc7 (Gemm): expected 4 numbers for fc7.bias of shape [4], found 5 numbers"),
        difference(
            graph ->
                tensor(graph, "fc7.weight")
                    .setRawData(tensor(graph, "fc7.weight").getRawData().substring(4)),
            "node fc7 (Gemm): expected 40 numbers for fc7.weight of shape [5, 8], found 39"),
        difference(
            graph ->
                tensor(graph, "conv1.weight").setDataType(TensorProto.DataType.FLOAT16.getNumber()),
            "node conv1 (Conv): expected conv1.weight as FLOAT, found FLOAT16"),
        difference(
            graph -> node(graph, "conv1").setInput(1, "nowhere"),
            "node conv1 (Conv): expected a constant as input nowhere, found none"),
        difference(
            graph -> node(graph, "fc7").setInput(1, "fc6.weight"),
            "node fc7 (Gemm): expected fc6.weight of shape [8, 8], found [8, 24]"),
        difference(
            graph -> node(graph, "softmax").setInput(0, "fc7.sum"),
            "expected one node to read fc7.sum, found [fc7.relu (Relu), softmax (Softmax)]"),
        difference(
            graph -> graph.removeNode(graph.getNodeCount() - 1),
            "expected Dropout, Gemm, Relu, Softmax or Tanh after fc8 (Gemm), found the graph's end"),
        difference(
            graph ->
                graph.addNode(
                    NodeProto.newBuilder().setOpType("Relu").addInput("x").addOutput("y")),
            "1 nodes do not lie between the image and the softmax"),
        difference(
            graph -> node(graph, "conv2.pool").setOutput(0, "image"),
            "node conv1 (Conv): expected conv1.weight of shape"),
        difference(
            graph -> graph.getOutputBuilder(0).setName("else"),
            "node softmax (Softmax): expected the graph's output"),
        difference(
            graph ->
                graph
                    .getInputBuilder(0)
                    .getTypeBuilder()
                    .getTensorTypeBuilder()
                    .getShapeBuilder()
                    .getDimBuilder(3)
                    .setDimValue(20),
            "expected input image as float32 [N][3][S][S], found [0, 3, 19, 20]"),
        difference(
            graph -> graph.addInput(graph.getInput(0).toBuilder().setName("second")),
            "expected one input, an image, found [image, second]"),
        difference(
            graph -> node(graph, "flatten").setOpType("Reshape"),
            "node flatten (Reshape): expected a constant shape [N][24], found []"));
  }

  @ParameterizedTest
  @MethodSource("differences")
  void aGraphThatIsNoAlexNetIsRefusedWithTheDifference(
      Consumer<GraphProto.Builder> change, List<String> message) throws IOException {
    Path file = changed(change);
    assertThatThrownBy(() -> OnnxReader.read(file))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith(file + " is not an AlexNet: ")
        .hasMessageContainingAll(message.toArray(new String[0]));
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aGraphWithACycleIsRefused() throws IOException {
    // A convolution that keeps the number and size of its channels, and reads its own output.
    Path file =
        changed(
            graph -> {
              graph.clearNode().clearInitializer();
              graph.addInitializer(
                  floats("w", 3, 3, 3, 3).setRawData(ByteString.copyFrom(new byte[81 * 4])));
              graph.addInitializer(floats("b", 3).setRawData(ByteString.copyFrom(new byte[12])));
              graph.addNode(
                  NodeProto.newBuilder()
                      .setName("round")
                      .setOpType("Conv")
                      .addAllInput(List.of("image", "w", "b"))
                      .addOutput("image")
                      .addAttribute(
                          AttributeProto.newBuilder()
                              .setName("pads")
                              .addAllInts(List.of(1L, 1L, 1L, 1L))));
            });
    assertThatThrownBy(() -> OnnxReader.read(file))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(
            "node round (Conv): expected weights and a name that no other node has, found w again");
  }

  private static TensorProto.Builder floats(String name, long... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT.getNumber());
    for (long dimension : shape) {
      tensor.addDims(dimension);
    }
    return tensor;
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] whole = OnnxWriterTest.write(WEIGHTS);
    for (int length = 0; length < whole.length; length += 1 + length / 50) {
      Path file = file(Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> OnnxReader.read(file))
          .as("%d bytes", length)
          .isInstanceOf(ModelException.class)
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void aDamagedFileIsReadOrRefused() throws IOException, URISyntaxException {
    Random random = new Random(5);
    byte[] whole = OnnxWriterTest.write(WEIGHTS);
    int told = 0;
    for (int i = 0; i < 400; i++) {
      byte[] damaged = whole.clone();
      // The graph comes first; the numbers after it may have any value.
      damaged[random.nextInt(1800)] = (byte) random.nextInt(256);
      try {
        assertThat(OnnxReader.read(file(damaged))).isNotNull();
      } catch (ModelException expected) {
        told++;
      }
    }
    assertThat(told).isGreaterThan(100);
  }

  @Test
  void filesThatAreNotOnnxAreRefused() throws IOException {
    for (byte[] content :
        List.of(
            new byte[0],
            "a text, not a model\n".getBytes(StandardCharsets.UTF_8),
            new byte[] {(byte) 0xFF, (byte) 0xD8, (byte) 0xFF, (byte) 0xE0, 0, 16, 74, 70},
            new byte[1000])) {
      Path file = file(content);
      assertThatThrownBy(() -> OnnxReader.read(file))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("cannot read " + file + ": ");
    }
    Path missing = folder.resolve("missing.onnx");
    assertThatThrownBy(() -> OnnxReader.read(missing))
        .isInstanceOf(ModelException.class)
        .hasMessage("no file " + missing);
    assertThatThrownBy(() -> OnnxReader.read(folder)).isInstanceOf(ModelException.class);
  }

  private static Weights integers(Weights weights) {
    Map<String, Quantization.Scale> scales = new HashMap<>();
    int i = 0;
    for (String activation : OnnxWriter.activations(weights.network())) {
      scales.put(activation, Quantization.Scale.of(-i, 2 + i));
      i++;
    }
    return weights.quantized(new Quantization(scales));
  }

  @Test
  void integersAreReadBackAsTheNumbersTheyRepresent() throws IOException {
    Weights quantized = integers(WEIGHTS);
    byte[] written = OnnxWriterTest.write(quantized);
    try (Weights found = OnnxReader.read(file(written), NETWORK)) {
      assertThat(found.quantization()).isEqualTo(quantized.quantization());
      for (Parameter parameter : NETWORK.parameters()) {
        FloatBuffer exact = WEIGHTS.get(parameter.name());
        FloatBuffer rounded = found.get(parameter.name());
        int perChannel = exact.remaining() / parameter.shape().get(0);
        for (int first = 0; first < exact.remaining(); first += perChannel) {
          float[] channel = new float[perChannel];
          exact.get(first, channel);
          float largest = 0;
          for (float weight : channel) {
            largest = Math.max(largest, Math.abs(weight));
          }
          // Half a step; a bias has finer steps, of at most a few thousandths here.
          float tolerance = perChannel == 1 ? 0.01f : 0.501f * largest / 127;
          for (int i = 0; i < perChannel; i++) {
            assertThat(rounded.get(first + i)).isCloseTo(channel[i], within(tolerance));
          }
        }
      }
      assertThat(OnnxWriterTest.write(found)).isEqualTo(written);
    }
  }

  @Test
  void integersOfAnotherProgramAreRefused() throws IOException {
    ModelProto model = ModelProto.parseFrom(OnnxWriterTest.write(integers(WEIGHTS)));
    GraphProto.Builder graph = model.getGraph().toBuilder();
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      for (int i = 0; i < node.getInputCount(); i++) {
        node.setInput(i, node.getInput(i).replace("conv1.act", "other"));
      }
      for (int i = 0; i < node.getOutputCount(); i++) {
        node.setOutput(i, node.getOutput(i).replace("conv1.act", "other"));
      }
    }
    for (TensorProto.Builder tensor : graph.getInitializerBuilderList()) {
      tensor.setName(tensor.getName().replace("conv1.act", "other"));
    }
    Path file = file(model.toBuilder().setGraph(graph).build().toByteArray());
    assertThatThrownBy(() -> OnnxReader.read(file))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("another program quantized it");
  }

  /** With weights of 0 the steps of a bias would not fit into 32 bits. */
  @Test
  void aBiasSurvivesInAChannelWithoutWeights() throws IOException {
    for (float scale : new float[] {0, 1e-9f, 1e-30f}) {
      Map<String, FloatBuffer> values = new HashMap<>();
      for (Parameter parameter : NETWORK.parameters()) {
        float[] numbers = new float[(int) parameter.count()];
        WEIGHTS.get(parameter.name()).get(numbers);
        if (parameter.name().equals("conv1.weight")) {
          int perChannel = numbers.length / parameter.shape().get(0);
          for (int i = 0; i < perChannel; i++) {
            numbers[i] *= scale;
          }
        }
        values.put(parameter.name(), FloatBuffer.wrap(numbers));
      }
      byte[] written = OnnxWriterTest.write(integers(new Weights(NETWORK, values)));
      try (Weights found = OnnxReader.read(file(written), NETWORK)) {
        float bias = WEIGHTS.get("conv1.bias").get(0);
        assertThat(found.get("conv1.bias").get(0)).isCloseTo(bias, within(1e-5f));
        assertThat(OnnxWriterTest.write(found)).isEqualTo(written);
      }
    }
  }

  private Path changedIntegers(String node, Consumer<NodeProto.Builder> change) throws IOException {
    ModelProto.Builder model =
        ModelProto.parseFrom(OnnxWriterTest.write(integers(WEIGHTS))).toBuilder();
    change.accept(node(model.getGraphBuilder(), node));
    return file(model.build().toByteArray());
  }

  @Test
  void damagedIntegersAreRefusedWithTheNode() throws IOException {
    Path withoutStep =
        changedIntegers(
            "conv1.weight.widen", node -> node.clearInput().addInput("conv1.weight.int8"));
    assertThatThrownBy(() -> OnnxReader.read(withoutStep))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("conv1.weight.widen (DequantizeLinear): expected 2 or 3 inputs");
    Path otherSteps =
        changedIntegers("fc6.weight.widen", node -> node.setInput(1, "conv1.weight.steps"));
    assertThatThrownBy(() -> OnnxReader.read(otherSteps))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("fc6.weight.widen (DequantizeLinear): expected a constant step");
    Path unequal =
        changedIntegers("conv1.act.round", node -> node.setInput(1, "image.rounded.step"));
    assertThatThrownBy(() -> OnnxReader.read(unequal))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("conv1.act.widen (DequantizeLinear): expected the step and the zero");
  }
}
