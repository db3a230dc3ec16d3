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
import io.tagstream.model.report.Answer;
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
 * Makes a version that computes with integers out of one that computes with floats: weights as int8
 * with a step for each output channel, activations as uint8 with a step for each tensor, found by
 * watching the model answer pictures (post-training static quantization). ONNX Runtime computes
 * with integers then; deeplearning4j takes the rounded weights and computes with floats.
 *
 * <p>The pictures are divided as in a training: some of four fifths are watched, the held-out fifth
 * goes to the gate where it has labels that the version knows.
 */
public final class Quantizer {
  /** With more their activations' ranges hardly grow. */
  private static final int MOST_WATCHED = 500;

  /** Read to be divided; a fifth of them is held out, as many as a training measures on. */
  private static final int MOST_READ = 10_000;

  private static final int BATCH = 32;

  private final ModelStore store;
  private final int threads;
  private final Judge judge;

  /**
   * A quantizer whose versions go through a gate.
   *
   * @param threads that compute
   */
  public Quantizer(ModelStore store, int threads, Judge judge) {
    this.store = store;
    this.threads = threads;
    this.judge = judge;
  }

  /**
   * What came of it.
   *
   * @param watched pictures whose activations were seen
   * @param compared held-out pictures that both versions answered
   * @param agreeing those for which both think the same class most probable
   * @param verdict the gate's; none where the pictures' labels are not the version's
   */
  public record Result(
      ModelBundle bundle, int watched, int compared, int agreeing, Optional<Verdict> verdict) {}

  /**
   * Writes the new version, a candidate.
   *
   * @param pictures like those to come
   * @param progress hears of pictures that cannot be read, which are left out, and of each picture
   * @throws ModelException when there is no such version, it computes with integers already, no
   *     picture can be watched or the disk refuses
   */
  public Result quantize(String version, Dataset pictures, TrainingProgress progress) {
    // Nobody deletes it meanwhile.
    Pin pin = store.pins().pin("quantize-" + UUID.randomUUID(), Set.of(version));
    try {
      return quantizePinned(store.open(version), pictures, progress);
    } finally {
      pin.close();
    }
  }

  private Result quantizePinned(ModelBundle bundle, Dataset pictures, TrainingProgress progress) {
    ClassNames known = new ClassNames(bundle.labels());
    boolean labelled = pictures.labels().stream().allMatch(label -> known.find(label).isPresent());
    try (Weights weights = bundle.weights()) {
      if (weights.quantization().isPresent()) {
        throw new ModelException(bundle.version() + " computes with integers already");
      }
      Division division =
          divide(
              labelled
                  ? pictures.withLabels(bundle.labels()).images()
                  : pictures.images().stream().map(picture -> picture.withClass(0)).toList(),
              progress);
      Watch watch = watch(bundle, division, progress);
      Weights quantized = weights.quantized(watch.scales());
      Answers before = answers(bundle, division.heldOut(), progress);
      Set<String> readable = before.each().stream().map(Answer::id).collect(Collectors.toSet());
      List<LabelledImage> heldOut =
          division.heldOut().stream().filter(image -> readable.contains(image.id())).toList();
      Answers after = tried(bundle, quantized, heldOut, progress);
      Provenance parent = store.metadata(bundle.version()).provenance();
      ModelDraft draft =
          new ModelDraft(
              quantized,
              bundle.preprocessing(),
              bundle.labels(),
              Optional.of(bundle.version()),
              parent.then(
                  "quantized to int8 from version %s, calibrated on %d images of %s"
                      .formatted(bundle.version(), watch.pictures(), pictures.description()),
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
          store.write(draft.judged(verdict)),
          watch.pictures(),
          after.each().size(),
          agreeing(before.each(), after.each()),
          verdict);
    }
  }

  private record Division(List<LabelledImage> heldOut, List<LabelledImage> others) {}

  private static Division divide(List<LabelledImage> pictures, TrainingProgress progress) {
    Division division = new Division(new ArrayList<>(), new ArrayList<>());
    for (LabelledImage picture : EvenSample.of(pictures, MOST_READ)) {
      progress.requireGoing("pictures were divided");
      try {
        byte[] hash = Split.sha256(picture.content().read());
        boolean isHeldOut = Split.isHeldOut(picture.group(), hash);
        (isHeldOut ? division.heldOut() : division.others()).add(picture);
      } catch (IOException e) {
        progress.skipped(picture.content().place(), "cannot be read: " + e);
      }
    }
    return division;
  }

  /** What was seen of a model, and on how many pictures. */
  private record Watch(Quantization scales, int pictures) {}

  private Watch watch(ModelBundle bundle, Division division, TrainingProgress progress) {
    try (Calibration calibration = new Calibration(bundle, threads, BATCH)) {
      int pictures =
          answers(
                  bundle,
                  Classifier.of(calibration, bundle.preprocessing(), bundle.labels().size()),
                  EvenSample.of(division.others(), MOST_WATCHED),
                  progress)
              .each()
              .size();
      return calibration
          .quantization()
          .map(scales -> new Watch(scales, pictures))
          .orElseThrow(
              () ->
                  new ModelException(
                      "no picture to calibrate with: of those given %d are held out, and of the other %d none can be read"
                          .formatted(division.heldOut().size(), division.others().size())));
    }
  }

  /** A folder with an ONNX file, beside the versions, until it is closed. */
  private record Trial(ModelBundle bundle) implements Closeable {
    @Override
    public void close() throws IOException {
      Files.deleteIfExists(bundle.onnx());
      Files.deleteIfExists(bundle.folder());
    }
  }

  /** What a version's weights answer once they are integers. */
  private Answers tried(
      ModelBundle bundle,
      Weights quantized,
      List<LabelledImage> pictures,
      TrainingProgress progress) {
    Path folder = store.root();
    try {
      folder = Files.createTempDirectory(folder, "." + store.newVersion() + ".");
      try (Trial trial =
          new Trial(
              new ModelBundle(
                  bundle.version() + " with integers",
                  folder,
                  bundle.network(),
                  bundle.preprocessing(),
                  bundle.labels()))) {
        try (OutputStream file = Files.newOutputStream(trial.bundle().onnx())) {
          OnnxWriter.write(quantized, file);
        }
        return answers(trial.bundle(), pictures, progress);
      }
    } catch (IOException e) {
      throw new ModelException("cannot try the model in %s: %s".formatted(folder, e), e);
    }
  }

  /** By the engine that computes with integers where the model does. */
  private Answers answers(
      ModelBundle bundle, List<LabelledImage> pictures, TrainingProgress progress) {
    EngineOptions options = new EngineOptions(EngineKind.ONNXRUNTIME, Device.CPU, threads);
    try (LoadedModel model = Engines.load(bundle, options);
        Engine engine = model.newEngine(BATCH)) {
      return answers(bundle, engine::probabilities, pictures, progress);
    }
  }

  private Answers answers(
      ModelBundle bundle,
      Classifier classifier,
      List<LabelledImage> pictures,
      TrainingProgress progress) {
    Answers.Collector collector = new Answers.Collector(bundle.labels());
    new Evaluator(bundle.preprocessing(), Views.CENTER_AND_FLIP, BATCH, threads)
        .answer(classifier, pictures, progress, collector::add);
    return collector.finish();
  }

  private static int agreeing(List<Answer> before, List<Answer> after) {
    Map<String, Integer> classes = new HashMap<>();
    before.forEach(answer -> classes.put(answer.id(), answer.first().classIndex()));
    return (int)
        after.stream()
            .filter(answer -> classes.getOrDefault(answer.id(), -1) == answer.first().classIndex())
            .count();
  }
}
