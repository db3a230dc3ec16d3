package io.tagstream.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelBundle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The engines against each other at the paper's size, and each against itself. */
class EngineAgreementTest {
  private static final List<Integer> BATCHES = List.of(1, 3, 16, 64, 128);

  /** A call of an engine: probabilities or features. */
  private interface Question {
    float[][] ask(Engine engine, List<byte[]> images);
  }

  @Test
  void enginesAgreeOnRandomWeights(@TempDir Path folder) {
    NetworkDescription network = NetworkDescription.alexNet(1000);
    ModelBundle bundle = Bundles.write(Initialisation.HE.draw(network, 1), folder);
    Question probabilities = (engine, images) -> engine.probabilities(images, 1);
    Question features = (engine, images) -> engine.features(images, 1);
    List<List<float[][]>> deeplearning4j =
        outputs(bundle, EngineKind.DEEPLEARNING4J, probabilities, features);
    List<List<float[][]>> onnxRuntime =
        outputs(bundle, EngineKind.ONNXRUNTIME, probabilities, features);
    assertClose(deeplearning4j.get(0), onnxRuntime.get(0), network.classes(), 1e-4);
    double largest =
        deeplearning4j.get(1).stream()
            .mapToDouble(EngineAgreementTest::largest)
            .max()
            .orElseThrow();
    assertClose(deeplearning4j.get(1), onnxRuntime.get(1), network.features(), 1e-4 * largest);
  }

  /** A flat softmax hides differences: here half of the probabilities are above 0.9. */
  @Test
  void enginesAgreeOnDecidedWeights(@TempDir Path folder) {
    NetworkDescription network = NetworkDescription.alexNet(1000);
    Weights weights = scaleLastLayer(Initialisation.HE.draw(network, 1), 20);
    ModelBundle bundle = Bundles.write(weights, folder);
    Question probabilities = (engine, images) -> engine.probabilities(images, 1);
    List<float[][]> deeplearning4j =
        outputs(bundle, EngineKind.DEEPLEARNING4J, probabilities).get(0);
    List<float[][]> onnxRuntime = outputs(bundle, EngineKind.ONNXRUNTIME, probabilities).get(0);
    assertClose(deeplearning4j, onnxRuntime, network.classes(), 1e-4);
    assertThat(Stream.of(deeplearning4j.get(BATCHES.indexOf(64))).filter(row -> largest(row) > 0.9))
        .hasSizeGreaterThan(20);
  }

  /** Outputs by call, then by batch size. */
  private static List<List<float[][]>> outputs(
      ModelBundle bundle, EngineKind kind, Question... questions) {
    List<byte[]> images = Bundles.images(bundle.network(), 128, 1, 2);
    try (LoadedModel model = Engines.load(bundle, new EngineOptions(kind, Device.CPU));
        Engine engine = model.newEngine(128)) {
      return Stream.of(questions)
          .map(
              question ->
                  BATCHES.stream()
                      .map(batch -> question.ask(engine, images.subList(0, batch)))
                      .toList())
          .toList();
    }
  }

  private static void assertClose(
      List<float[][]> ones, List<float[][]> others, int width, double tolerance) {
    for (int i = 0; i < BATCHES.size(); i++) {
      assertThat(ones.get(i)).hasDimensions(BATCHES.get(i), width);
      assertThat(largestDifference(ones.get(i), others.get(i))).isLessThan(tolerance);
    }
  }

  private static Weights scaleLastLayer(Weights weights, float factor) {
    Map<String, FloatBuffer> values = new HashMap<>();
    weights.network().parameters().forEach(p -> values.put(p.name(), weights.get(p.name())));
    FloatBuffer last = weights.get("fc8.weight");
    FloatBuffer scaled =
        ByteBuffer.allocateDirect(last.remaining() * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    while (last.hasRemaining()) {
      scaled.put(last.get() * factor);
    }
    values.put("fc8.weight", scaled.flip());
    return new Weights(weights.network(), values);
  }

  private static double largestDifference(float[][] one, float[][] other) {
    double largest = 0;
    for (int i = 0; i < one.length; i++) {
      for (int j = 0; j < one[i].length; j++) {
        largest = Math.max(largest, Math.abs(one[i][j] - other[i][j]));
      }
    }
    return largest;
  }

  private static double largest(float[]... rows) {
    double largest = 0;
    for (float[] row : rows) {
      for (float value : row) {
        largest = Math.max(largest, value);
      }
    }
    return largest;
  }

  @ParameterizedTest
  @EnumSource(EngineKind.class)
  void aPredictionDoesNotDependOnItsBatch(EngineKind kind, @TempDir Path folder) {
    NetworkDescription network = NetworkDescription.alexNet(10, 0.1);
    ModelBundle bundle = Bundles.write(Initialisation.HE.draw(network, 1), folder);
    List<byte[]> images = Bundles.images(network, 40, 1, 2);
    try (LoadedModel model = Engines.load(bundle, new EngineOptions(kind, Device.CPU));
        Engine engine = model.newEngine(40)) {
      float[][] together = engine.features(images, 1);
      // Sizes that grow and shrink, so that leftovers of a larger batch would be detected.
      for (int size : new int[] {40, 1, 17, 16, 33}) {
        float[][] fewer = engine.features(images.subList(40 - size, 40), 1);
        for (int i = 0; i < size; i++) {
          assertThat(
                  largestDifference(
                      new float[][] {fewer[i]}, new float[][] {together[40 - size + i]}))
              .isLessThan(1e-4 * largest(together));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(EngineKind.class)
  void twoEnginesOfOneModelDoNotDisturbEachOther(EngineKind kind, @TempDir Path folder)
      throws Exception {
    NetworkDescription network = NetworkDescription.alexNet(10, 0.1);
    ModelBundle bundle = Bundles.write(Initialisation.HE.draw(network, 1), folder);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (LoadedModel model = Engines.load(bundle, new EngineOptions(kind, Device.CPU, 1));
        Engine alone = model.newEngine(20);
        Engine first = model.newEngine(20);
        Engine second = model.newEngine(20)) {
      List<byte[]> ones = Bundles.images(network, 20, 1, 2);
      List<byte[]> others = Bundles.images(network, 20, 1, 3);
      float[][] expectedOnes = alone.features(ones, 1);
      float[][] expectedOthers = alone.features(others, 1);
      for (int round = 0; round < 5; round++) {
        Future<float[][]> firstAnswer = threads.submit(() -> first.features(ones, 1));
        Future<float[][]> secondAnswer = threads.submit(() -> second.features(others, 1));
        assertThat(firstAnswer.get()).isDeepEqualTo(expectedOnes);
        assertThat(secondAnswer.get()).isDeepEqualTo(expectedOthers);
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void cudaIsRefusedWhereTheBuildHasNone(@TempDir Path folder) {
    NetworkDescription network = NetworkDescription.alexNet(10, 0.05);
    ModelBundle bundle = Bundles.write(Initialisation.HE.draw(network, 1), folder);
    for (EngineKind kind : EngineKind.values()) {
      assertThatThrownBy(() -> Engines.load(bundle, new EngineOptions(kind, Device.CUDA)))
          .isInstanceOf(ModelException.class)
          .hasMessageMatching("found: .*, needs: compute capability .*");
    }
  }
}
