package io.tagstream.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.tagstream.model.engine.nd4j.DirectWeights;
import io.tagstream.model.engine.onednn.OneDnnWeights;
import io.tagstream.model.engine.onnxruntime.SessionWeights;
import io.tagstream.model.engine.onnxruntime.SessionWeights.Graph;
import io.tagstream.model.engine.samediff.SameDiffWeights;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.LocalResponseNormalization.Scope;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.serving.SharedModel;
import io.tagstream.model.store.ModelBundle;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The engines against the formulas written down plainly, on networks that differ in kind. */
class EngineReferenceTest {
  private static final Optional<LocalResponseNormalization> NO_LRN = Optional.empty();
  private static final Optional<MaxPool> NO_POOL = Optional.empty();

  /** The engines, and what runs on CUDA, which is checked here on the CPU. */
  private enum Form {
    ONEDNN {
      @Override
      LoadedModel load(ModelBundle bundle) {
        assumeTrue(OneDnnWeights.areUsable(), "oneDNN has no natives for this machine");
        return Engines.load(bundle, new EngineOptions(EngineKind.DEEPLEARNING4J, Device.CPU));
      }
    },
    OPS {
      @Override
      LoadedModel load(ModelBundle bundle) {
        try (Weights weights = bundle.weights()) {
          return new SharedModel(
              bundle, new DirectWeights(weights, new Normalization(bundle.preprocessing()), 2));
        }
      }
    },
    GRAPH {
      @Override
      LoadedModel load(ModelBundle bundle) {
        try (Weights weights = bundle.weights()) {
          return new SharedModel(
              bundle, new SameDiffWeights(weights, new Normalization(bundle.preprocessing())));
        }
      }
    },
    ONNX_RUNTIME {
      @Override
      LoadedModel load(ModelBundle bundle) {
        return Engines.load(bundle, new EngineOptions(EngineKind.ONNXRUNTIME, Device.CPU));
      }
    },
    ONNX_RUNTIME_PLAIN {
      @Override
      LoadedModel load(ModelBundle bundle) {
        return new SharedModel(bundle, SessionWeights.onCpu(bundle, 2, Graph.PLAIN));
      }
    };

    abstract LoadedModel load(ModelBundle bundle);
  }

  static Stream<Arguments> cases() {
    return Stream.of(Form.values())
        .flatMap(
            form ->
                Stream.of(
                    argumentSet(form + " paper", form, NetworkDescription.alexNet(7, 0.05)),
                    argumentSet(form + " towers", form, towers()),
                    argumentSet(form + " bvlc", form, bvlc()),
                    argumentSet(form + " other", form, other())));
  }

  /** The paper's layers, normalised by tower, and more strongly, so that the neighbours matter. */
  private static NetworkDescription towers() {
    var lrn = new LocalResponseNormalization(5, 2, 0.1, 0.75, Scope.TOWER);
    return NetworkDescription.alexNet(7, 0.05)
        .withConvolutions(layer -> layer.withNormalization(layer.normalization().map(any -> lrn)));
  }

  /** BVLC's 224 form: no padding in conv1, k = 1, a smaller alpha, pool5 padded at its end. */
  private static NetworkDescription bvlc() {
    var lrn = Optional.of(new LocalResponseNormalization(5, 1, 2e-5, 0.75));
    var pool = Optional.of(MaxPool.PAPER);
    var endPool = Optional.of(new MaxPool(3, 2, 1));
    var relu = Activation.RELU;
    return new NetworkDescription(
        224,
        List.of(
            new Convolution("conv1", 8, 11, 4, 0, 1, relu, lrn, pool),
            new Convolution("conv2", 8, 5, 1, 2, 2, relu, lrn, pool),
            new Convolution("conv3", 12, 3, 1, 1, 1, relu, NO_LRN, NO_POOL),
            new Convolution("conv4", 12, 3, 1, 1, 2, relu, NO_LRN, NO_POOL),
            new Convolution("conv5", 8, 3, 1, 1, 2, relu, NO_LRN, endPool)),
        List.of(
            new Dense("fc6", 20, relu, 0.5),
            new Dense("fc7", 20, relu, 0.5),
            new Dense("fc8", 9, Activation.IDENTITY, 0)));
  }

  /** None of the paper's choices: tanh, three groups, another LRN, pools of all kinds or none. */
  private static NetworkDescription other() {
    var lrn = Optional.of(new LocalResponseNormalization(3, 0.5, 0.1, 0.6));
    var tanh = Activation.TANH;
    return new NetworkDescription(
        45,
        List.of(
            new Convolution("a", 9, 5, 2, 1, 3, tanh, lrn, Optional.of(new MaxPool(3, 2, 2))),
            new Convolution(
                "b", 6, 3, 1, 0, 1, Activation.IDENTITY, NO_LRN, Optional.of(new MaxPool(2, 2, 0))),
            new Convolution("c", 8, 3, 1, 1, 2, tanh, lrn, NO_POOL)),
        List.of(new Dense("d", 10, tanh, 0), new Dense("e", 5, Activation.IDENTITY, 0)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void outputsAreThoseOfThePlainFormulas(
      Form form, NetworkDescription network, @TempDir Path folder) {
    Weights weights = Initialisation.HE.draw(network, 1);
    ModelBundle bundle = Bundles.write(weights, folder);
    int views = 2;
    List<byte[]> images = Bundles.images(network, 2, views, 2);
    ReferenceNetwork reference = new ReferenceNetwork(weights);
    try (LoadedModel model = form.load(bundle);
        Engine engine = model.newEngine(4)) {
      float[][] features = engine.features(images, views);
      float[][] probabilities = engine.probabilities(images, views);
      assertThat(features).hasDimensions(4, network.features());
      assertThat(probabilities).hasDimensions(2, network.classes());
      for (int i = 0; i < images.size(); i++) {
        double[] mean = new double[network.classes()];
        for (int view = 0; view < views; view++) {
          double[][][] pixels = Bundles.normalized(bundle, images.get(i), view);
          assertClose(features[i * views + view], reference.features(pixels), 1e-4);
          double[] softmax = reference.probabilities(pixels);
          for (int j = 0; j < mean.length; j++) {
            mean[j] += softmax[j] / views;
          }
        }
        assertClose(probabilities[i], mean, 1e-5);
      }
    }
  }

  static Stream<Arguments> activations() {
    return Stream.of(Form.values())
        .flatMap(
            form ->
                Stream.of(
                    arguments(form, new float[] {0, 0, 100, 0, 0}, 43.87),
                    arguments(form, new float[] {100, 100, 100, 100, 100}, 23.24)));
  }

  /** The paper's section 3.3 with its constants; numbers by a pocket calculator. */
  @ParameterizedTest
  @MethodSource("activations")
  void normalizationIsThePapers(
      Form form, float[] activations, double middle, @TempDir Path folder) {
    Weights weights = constantActivations(activations);
    ModelBundle bundle = Bundles.write(weights, folder);
    List<byte[]> image = Bundles.images(weights.network(), 1, 1, 3);
    try (LoadedModel model = form.load(bundle);
        Engine engine = model.newEngine(1)) {
      assertThat((double) engine.features(image, 1)[0][2]).isCloseTo(middle, within(0.005));
    }
    double[] reference =
        new ReferenceNetwork(weights).features(Bundles.normalized(bundle, image.get(0), 0));
    assertThat(reference[2]).isCloseTo(middle, within(0.005));
  }

  /** A convolution that puts out its biases, normalised, and features that are just these. */
  private static Weights constantActivations(float[] biases) {
    int channels = biases.length;
    NetworkDescription network =
        new NetworkDescription(
            1,
            List.of(
                new Convolution(
                    "conv",
                    channels,
                    1,
                    1,
                    0,
                    1,
                    Activation.RELU,
                    Optional.of(LocalResponseNormalization.PAPER),
                    NO_POOL)),
            List.of(
                new Dense("same", channels, Activation.IDENTITY, 0),
                new Dense("classes", 2, Activation.IDENTITY, 0)));
    float[] same = new float[channels * channels];
    for (int i = 0; i < channels; i++) {
      same[i * channels + i] = 1;
    }
    return new Weights(
        network,
        Map.of(
            "conv.weight", FloatBuffer.allocate(3 * channels),
            "conv.bias", FloatBuffer.wrap(biases),
            "same.weight", FloatBuffer.wrap(same),
            "same.bias", FloatBuffer.allocate(channels),
            "classes.weight", FloatBuffer.allocate(2 * channels),
            "classes.bias", FloatBuffer.allocate(2)));
  }

  private static void assertClose(float[] actual, double[] expected, double tolerance) {
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).isCloseTo(expected[i], within(tolerance));
    }
  }
}
