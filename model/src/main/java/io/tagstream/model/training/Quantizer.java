package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.engine.onnxruntime.Calibration;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Quantization;
import io.tagstream.model.network.Weights;
import io.tagstream.model.onnx.OnnxWriter;
import io.tagstream.model.report.LabelledPrediction;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Pin;
import io.tagstream.model.store.Provenance;
import io.tagstream.model.store.Verdict;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Quantizes a version (post-training static quantization): weights become int8 with a scale per
 * output channel, activations become uint8 with a scale per tensor, calibrated on images. ONNX
 * Runtime then computes with integers; deeplearning4j uses the rounded weights and computes with
 * floats.
 *
 * <p>The images are split as in a training: some of the four fifths calibrate, and the held-out
 * fifth goes through the gate if the version knows its labels.
 */
public final class Quantizer {
  /** The most images to calibrate on; more hardly widen the ranges of the activations. */
  private static final int MOST_CALIBRATING = 500;

  /**
   * The most images that are read for the split; the held-out fifth is as many as a training
   * measures on.
   */
  private static final int MOST_READ = 10_000;

  private static final int BATCH = 32;

  private final ModelStore store;
  private final int threads;
  private final Judge judge;

  /**
   * @param threads computing threads
   * @param judge compares the quantized version with the live one
   */
  public Quantizer(ModelStore store, int threads, Judge judge) {
    this.store = store;
    this.threads = threads;
    this.judge = judge;
  }

  /**
   * The quantized version and its comparison with the original.
   *
   * @param watched images that calibrated the activations
   * @param compared held-out images that both versions predicted
   * @param agreeing those of them with the same most probable class
   * @param verdict the gate's; empty if the version does not know the images' labels
   */
  public record Result(
      ModelBundle bundle, int watched, int compared, int agreeing, Optional<Verdict> verdict) {}

  /**
   * Quantizes a version and writes the result as a candidate.
   *
   * @param images representative images
   * @param progress receives unreadable images, which are left out, and each image
   * @throws ModelException if there is no such version, it is quantized already, no image can
   *     calibrate it or the file system fails
   */
  public Result quantize(String version, Dataset images, TrainingProgress progress) {
    // Protect the version from deletion meanwhile.
    Pin pin = store.pins().pin("quantize-" + UUID.randomUUID(), Set.of(version));
    try {
      return quantizePinned(store.open(version), images, progress);
    } finally {
      pin.close();
    }
  }

  private Result quantizePinned(ModelBundle bundle, Dataset images, TrainingProgress progress) {
    ClassNames known = new ClassNames(bundle.labels());
    boolean labelled = images.labels().stream().allMatch(label -> known.find(label).isPresent());
    try (Weights weights = bundle.weights()) {
      if (weights.quantization().isPresent()) {
        throw new ModelException(bundle.version() + " is quantized already");
      }
      Division division =
          divide(
              labelled
                  ? images.withLabels(bundle.labels()).images()
                  : images.images().stream().map(image -> image.withClass(0)).toList(),
              progress);
      Calibrated calibrated = calibrate(bundle, division, progress);
      Weights quantized = weights.quantized(calibrated.scales());
      EvaluatedPredictions before = predictions(bundle, division.heldOut(), progress);
      Set<String> readable =
          before.each().stream().map(LabelledPrediction::id).collect(Collectors.toSet());
      List<LabelledImage> heldOut =
          division.heldOut().stream().filter(image -> readable.contains(image.id())).toList();
      EvaluatedPredictions after = predictionsOfQuantized(bundle, quantized, heldOut, progress);
      Provenance parent = store.metadata(bundle.version()).provenance();
      ModelDraft draft =
          new ModelDraft(
              quantized,
              bundle.preprocessing(),
              bundle.labels(),
              Optional.of(bundle.version()),
              parent.then(
                  "quantized to int8 from version %s, calibrated on %d images of %s"
                      .formatted(bundle.version(), calibrated.images(), images.description()),
                  after
                      .evaluation()
                      .filter(measured -> labelled)
                      .map(Evaluation::metrics)
                      .orElse(Map.of())));
      Optional<Verdict> verdict =
          labelled
              ? judge.judge(
                  new Judge.Candidate(
                      draft,
                      parent.images().map(Math::toIntExact).orElse(0),
                      heldOut,
                      after.each(),
                      0,
                      new TrainingResources(threads, TrainingResources.PAPER_MEMORY),
                      progress))
              : Optional.empty();
      return new Result(
          store.write(draft.withVerdict(verdict)),
          calibrated.images(),
          after.each().size(),
          agreeing(before.each(), after.each()),
          verdict);
    }
  }

  private record Division(List<LabelledImage> heldOut, List<LabelledImage> others) {}

  private static Division divide(List<LabelledImage> images, TrainingProgress progress) {
    Division division = new Division(new ArrayList<>(), new ArrayList<>());
    for (LabelledImage image : EvenSample.of(images, MOST_READ)) {
      progress.throwIfCancelled("the images were split");
      try {
        byte[] hash = Split.sha256(image.content().read());
        boolean isHeldOut = Split.isHeldOut(image.group(), hash);
        (isHeldOut ? division.heldOut() : division.others()).add(image);
      } catch (IOException e) {
        progress.skipped(image.content().place(), "cannot be read: " + e);
      }
    }
    return division;
  }

  /** The scales that were calibrated, and on how many images. */
  private record Calibrated(Quantization scales, int images) {}

  private Calibrated calibrate(ModelBundle bundle, Division division, TrainingProgress progress) {
    try (Calibration calibration = new Calibration(bundle, threads, BATCH)) {
      int images =
          predictions(
                  bundle,
                  Classifier.of(calibration, bundle.preprocessing(), bundle.labels().size()),
                  EvenSample.of(division.others(), MOST_CALIBRATING),
                  progress)
              .each()
              .size();
      return calibration
          .quantization()
          .map(scales -> new Calibrated(scales, images))
          .orElseThrow(
              () ->
                  new ModelException(
                      "no image to calibrate on: of the images given %d are held out, and none of the other %d can be read"
                          .formatted(division.heldOut().size(), division.others().size())));
    }
  }

  /** A temporary folder with an ONNX file, next to the versions; deleted on close. */
  private record Trial(ModelBundle bundle) implements Closeable {
    @Override
    public void close() throws IOException {
      Files.deleteIfExists(bundle.onnx());
      Files.deleteIfExists(bundle.folder());
    }
  }

  /** The predictions of a version with quantized weights. */
  private EvaluatedPredictions predictionsOfQuantized(
      ModelBundle bundle,
      Weights quantized,
      List<LabelledImage> images,
      TrainingProgress progress) {
    Path folder = store.root();
    try {
      folder = Files.createTempDirectory(folder, "." + store.newVersion() + ".");
      try (Trial trial =
          new Trial(
              new ModelBundle(
                  bundle.version() + " quantized",
                  folder,
                  bundle.network(),
                  bundle.preprocessing(),
                  bundle.labels()))) {
        try (OutputStream file = Files.newOutputStream(trial.bundle().onnx())) {
          OnnxWriter.write(quantized, file);
        }
        return predictions(trial.bundle(), images, progress);
      }
    } catch (IOException e) {
      throw new ModelException("cannot test the quantized model in %s: %s".formatted(folder, e), e);
    }
  }

  /** Uses ONNX Runtime, which computes with integers if the model does. */
  private EvaluatedPredictions predictions(
      ModelBundle bundle, List<LabelledImage> images, TrainingProgress progress) {
    EngineOptions options = new EngineOptions(EngineKind.ONNXRUNTIME, Device.CPU, threads);
    try (LoadedModel model = Engines.load(bundle, options);
        Engine engine = model.newEngine(BATCH)) {
      return predictions(bundle, engine::probabilities, images, progress);
    }
  }

  private EvaluatedPredictions predictions(
      ModelBundle bundle,
      Classifier classifier,
      List<LabelledImage> images,
      TrainingProgress progress) {
    EvaluatedPredictions.Collector collector = new EvaluatedPredictions.Collector(bundle.labels());
    new Evaluator(bundle.preprocessing(), Views.CENTER_AND_FLIP, BATCH, threads)
        .predict(classifier, images, progress, collector::add);
    return collector.finish();
  }

  private static int agreeing(List<LabelledPrediction> before, List<LabelledPrediction> after) {
    Map<String, Integer> classes = new HashMap<>();
    before.forEach(prediction -> classes.put(prediction.id(), prediction.first().classIndex()));
    return (int)
        after.stream()
            .filter(
                prediction ->
                    classes.getOrDefault(prediction.id(), -1) == prediction.first().classIndex())
            .count();
  }
}
