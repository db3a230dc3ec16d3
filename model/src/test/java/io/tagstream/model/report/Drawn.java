package io.tagstream.model.report;

import io.tagstream.model.image.ImageEncoder;
import io.tagstream.model.image.RgbImage;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.report.LabelledPrediction.EncodedImage;
import io.tagstream.model.report.TrainingReport.LeftOut;
import io.tagstream.model.report.TrainingReport.Run;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;

/** Parts of reports with made-up values. */
final class Drawn {
  /** An image that compresses badly. */
  static final EncodedImage PICTURE;

  static {
    byte[] noise = noise();
    PICTURE = () -> noise;
  }

  static final LeftOut NOTHING = new LeftOut(List.of(), Map.of(), 0);

  private Drawn() {}

  private static byte[] noise() {
    byte[] pixels = new byte[200 * 180 * 3];
    new Random(1).nextBytes(pixels);
    return ImageEncoder.png(new RgbImage(200, 180, pixels));
  }

  static LabelledPrediction prediction(String id, int trueClass, float... probabilities) {
    return LabelledPrediction.of(id, trueClass, probabilities, PICTURE);
  }

  /** Of two classes: labelled 0, predicted 1. */
  static LabelledPrediction error(String id, double own) {
    return prediction(id, 0, (float) own, (float) (1 - own));
  }

  static Epoch epoch(long imageSteps, double loss, double top1) {
    return new Epoch(
        imageSteps,
        loss,
        OptionalDouble.of(3e-4),
        OptionalDouble.of(top1),
        OptionalDouble.of(0.99),
        OptionalDouble.of(46.5),
        OptionalDouble.of(0.012));
  }

  static List<Epoch> epochs(int count) {
    List<Epoch> history = new ArrayList<>();
    for (int epoch = 1; epoch <= count; epoch++) {
      history.add(epoch(800L * epoch, 1.6 / epoch, 1 - 0.8 / epoch));
    }
    return history;
  }

  /**
   * A network of one small convolution, or of two, the second in groups.
   *
   * @param kernels kernels of the first convolution
   */
  static NetworkDescription network(int kernels, int side, int towers, int classes) {
    Convolution first = convolution("conv1", kernels, side, 1);
    return new NetworkDescription(
        16,
        towers == 0 ? List.of(first) : List.of(first, convolution("conv2", 2 * towers, 1, towers)),
        List.of(
            new Dense("fc7", 4, Activation.RELU, 0.5),
            new Dense("fc8", classes, Activation.IDENTITY, 0)));
  }

  private static Convolution convolution(String name, int channels, int side, int groups) {
    return new Convolution(
        name, channels, side, 1, 0, groups, Activation.RELU, Optional.empty(), Optional.empty());
  }

  static Weights weights(int classes) {
    return Initialisation.HE.draw(network(8, 3, 2, classes), 1);
  }

  static Run run(String recipe, String data, LeftOut leftOut) {
    return new Run(
        recipe,
        Map.of("batchSize", "32"),
        data,
        800,
        Instant.parse("2026-11-24T10:30:00Z"),
        Duration.ofSeconds(1032),
        "a machine",
        leftOut);
  }

  /** On 500 images, accuracies of 76.0 and 80.4 %. */
  static Verdict verdict(String reason, Optional<Verdict.Incumbent> incumbent) {
    return new Verdict(
        Verdict.Outcome.REJECTED,
        reason,
        incumbent,
        new Verdict.Scores(0.804, 1),
        31,
        53,
        0.994,
        List.of(
            new Verdict.ClassFinding("cat", 300, 200, 182, 20, 2, 6e-5, true),
            new Verdict.ClassFinding("dog", 200, 180, 220, 11, 51, 1, false)),
        Map.of(),
        500,
        0);
  }

  static TrainingReport judged(Verdict verdict) {
    TrainingReport plain = report(List.of("cat", "dog"), List.of(), List.of(), List.of());
    return new TrainingReport(
        plain.version(),
        Optional.of("the parent"),
        plain.run(),
        plain.labels(),
        plain.history(),
        plain.heldOut(),
        plain.training(),
        Optional.of(verdict),
        plain.weights(),
        plain.preprocessing());
  }

  static TrainingReport report(
      List<String> labels,
      List<Epoch> history,
      List<LabelledPrediction> heldOut,
      List<LabelledPrediction> training) {
    return new TrainingReport(
        "20261124T103000.123Z-4f2a",
        Optional.empty(),
        run("small-data", "a folder", NOTHING),
        labels,
        history,
        heldOut,
        training,
        Optional.empty(),
        weights(labels.size()),
        Preprocessing.tagstream(16));
  }
}
