package io.tagstream.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TypeProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.shade.protobuf.ByteString;

/** Files of some kilobytes that ask for more than they hold. */
@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileOnnxTest {
  private static final int FLOAT = TensorProto.DataType.FLOAT.getNumber();
  private static final int INT64 = TensorProto.DataType.INT64.getNumber();

  @TempDir Path folder;

  private Path changed(Consumer<GraphProto.Builder> change) throws IOException {
    ModelProto.Builder model =
        ModelProto.parseFrom(
            OnnxWriterTest.write(TinyNetworks.weights(TinyNetworks.everything(), 1)))
            .toBuilder();
    change.accept(model.getGraphBuilder());
    return Files.write(folder.resolve("hostile.onnx"), model.build().toByteArray());
  }

  private void assertRefused(Consumer<GraphProto.Builder> change, String... message)
      throws IOException {
    Path file = changed(change);
    assertThatThrownBy(() -> OnnxReader.read(file))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContainingAll(message);
  }

  private static TensorProto.Builder tensor(String name, int type, long... shape) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(type);
    for (long dimension : shape) {
      tensor.addDims(dimension);
    }
    return tensor;
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 1, must not be negative",
    "-1, -1, must not be negative",
    "-9223372036854775808, 1, must not be negative",
    "2147483648, 1, at most 2147483647 numbers",
    "4294967296, 4294967296, at most 2147483647 numbers",
    "4611686018427387904, 4, at most 2147483647 numbers"
  })
  void aShapeLargerThanAnyFileIsRefusedWithItsTensor(long first, long second, String why)
      throws IOException {
    assertRefused(
        graph -> graph.addInitializer(tensor("odd one", FLOAT, first, second)),
        "the tensor 'odd one'",
        why);
  }

  @Test
  void tooManyDimensionsAreRefused() throws IOException {
    assertRefused(
        graph -> graph.addInitializer(tensor("deep", FLOAT, new long[1_000_000])),
        "the tensor 'deep' has 1000000 dimensions");
  }

  @Test
  void aConstantOfTwoGibibytesIsRefused() throws IOException {
    assertRefused(
        graph ->
            graph.addNode(
                0,
                NodeProto.newBuilder()
                    .setOpType("Constant")
                    .addOutput("huge")
                    .addAttribute(
                        AttributeProto.newBuilder()
                            .setName("value")
                            .setT(tensor("huge", FLOAT, 1L << 31)))),
        "the tensor 'huge'",
        "[2147483648]");
  }

  /** Thirty bytes that ask for a gigabyte of zeros. */
  @ParameterizedTest
  @CsvSource({"268435456, 1", "536870911, 1", "65536, 65536", "-1, 1", "-2, -2", "0, 5"})
  void filledConstantsAreBounded(long first, long second) throws IOException {
    assertRefused(
        graph -> {
          graph.addInitializer(tensor("shape", INT64, 2).addInt64Data(first).addInt64Data(second));
          graph.addNode(
              0,
              NodeProto.newBuilder()
                  .setOpType("ConstantOfShape")
                  .setName("fill")
                  .addInput("shape")
                  .addOutput("filled"));
        },
        "fill",
        "[%d, %d]".formatted(first, second));
  }

  @Test
  void manyFilledConstantsAreBoundedTogether() throws IOException {
    assertRefused(
        graph -> {
          graph.addInitializer(tensor("shape", INT64, 1).addInt64Data(1 << 25));
          for (int i = 0; i < 100; i++) {
            graph.addNode(
                0,
                NodeProto.newBuilder()
                    .setOpType("ConstantOfShape")
                    .addInput("shape")
                    .addOutput("filled" + i));
          }
        },
        "the tensor 'filled",
        "at most 0 numbers");
  }

  @Test
  void numbersInAnotherFileAreRefusedWithTheirTensor() throws IOException {
    assertRefused(
        graph ->
            graph.addInitializer(
                tensor("elsewhere", FLOAT, 3).setDataLocation(TensorProto.DataLocation.EXTERNAL)),
        "the tensor 'elsewhere' has its numbers in another file");
  }

  @Test
  void tooManyIntegersAreRefused() throws IOException {
    TensorProto.Builder tensor = tensor("long", INT64, 100_000);
    for (int i = 0; i < 100_000; i++) {
      tensor.addInt64Data(i);
    }
    assertRefused(
        graph -> graph.addInitializer(tensor), "the tensor 'long' has 100000 numbers one by one");
  }

  /** Channels without numbers, whose byte count overflows 32 bits to 0: gigabytes of steps. */
  @Test
  void stepsForMissingChannelsAreRefused() throws IOException {
    assertRefused(
        graph -> {
          graph.addInitializer(
              tensor("whole", TensorProto.DataType.INT8.getNumber(), 1 << 30, 0)
                  .setRawData(ByteString.EMPTY));
          graph.addInitializer(tensor("steps", FLOAT, 0).setRawData(ByteString.EMPTY));
          graph.addNode(
              0,
              NodeProto.newBuilder()
                  .setOpType("DequantizeLinear")
                  .setName("widen")
                  .addInput("whole")
                  .addInput("steps")
                  .addOutput("wide")
                  .addAttribute(AttributeProto.newBuilder().setName("axis").setI(0)));
        },
        "widen",
        "a constant step for each");
  }

  @Test
  void aCycleOfRoundingIsRefused() throws IOException {
    assertRefused(
        graph -> {
          String image = graph.getInput(0).getName();
          graph.clearNode();
          graph.addInitializer(
              tensor("step", FLOAT).setRawData(ByteString.copyFrom(new byte[] {0, 0, 0, 0x3f})));
          graph.addInitializer(
              tensor("zero", TensorProto.DataType.UINT8.getNumber())
                  .setRawData(ByteString.copyFrom(new byte[] {0})));
          graph.addNode(
              NodeProto.newBuilder()
                  .setOpType("QuantizeLinear")
                  .addAllInput(List.of(image, "step", "zero"))
                  .addOutput("bytes"));
          graph.addNode(
              NodeProto.newBuilder()
                  .setOpType("DequantizeLinear")
                  .addAllInput(List.of("bytes", "step", "zero"))
                  .addOutput(image));
        },
        "has a cycle");
  }

  @Test
  void tooManyNodesAreRefused() throws IOException {
    NodeProto node = NodeProto.newBuilder().setOpType("Relu").addOutput("x").build();
    assertRefused(
        graph -> {
          for (int i = 0; i < 20_000; i++) {
            graph.addNode(node);
          }
        },
        "more than 10000 nodes");
  }

  @Test
  void aNameThatIsTooLongIsRefused() throws IOException {
    assertRefused(
        graph -> graph.addInitializer(tensor("x".repeat(100_000), FLOAT, 1)),
        "a name in it has 100000 bytes");
  }

  @Test
  void deeplyNestedTypesAreRefused() throws IOException {
    TypeProto type = TypeProto.getDefaultInstance();
    for (int i = 0; i < 500; i++) {
      type =
          TypeProto.newBuilder()
              .setSequenceType(TypeProto.Sequence.newBuilder().setElemType(type))
              .build();
    }
    TypeProto deep = type;
    assertRefused(graph -> graph.getInputBuilder(0).setType(deep), "cannot read");
  }

  @ParameterizedTest
  @CsvSource({"4097", "100000", "2147483648", "-1"})
  void anInputThatIsTooLargeIsRefused(long side) throws IOException {
    assertRefused(
        graph -> {
          var shape =
              graph.getInputBuilder(0).getTypeBuilder().getTensorTypeBuilder().getShapeBuilder();
          shape.getDimBuilder(2).setDimValue(side);
          shape.getDimBuilder(3).setDimValue(side);
        },
        "S is at most 4096");
  }

  @Test
  void theModelItselfIsRead() throws IOException {
    assertThat(OnnxReader.read(changed(graph -> {})).network())
        .isEqualTo(TinyNetworks.everything());
  }
}
