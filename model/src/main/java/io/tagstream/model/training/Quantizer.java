package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.Engines;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.engine.onnxruntime.Calibration;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Quantization;
import io.tagstream.model.network.Weights;
import io.tagstream.model.onnx.OnnxWriter;
import io.tagstream.model.report.Answer;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Pin;
import io.tagstream.model.store.Provenance;
import io.tagstream.model.store.Verdict;
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

/**
 * Makes a version that computes with integers out of one that computes with floats: weights as int8
 * with a step for each output channel, activations as uint8 with a step for each tensor, found by
 * watching the model answer pictures (post-training static quantization). ONNX Runtime computes
 * with integers then; deeplearning4j takes the rounded weights and computes with floats.
 *
 * <p>The pictures are divided as in a training: four fifths are watched, the held-out fifth goes to
 * the gate.
 */
public final class Quantizer {
  /** Their activations' ranges hardly grow any more. */
  private static final int MOST_WATCHED = 500;

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
   * @param verdict the gate's, where there is one
   */
  public record Result(
      ModelBundle bundle, int watched, int compared, int agreeing, Optional<Verdict> verdict) {}

  /**
   * Writes the new version, a candidate.
   *
   * @param pictures with labels that the version knows
   * @param progress hears of pictures that cannot be read, which are left out, and of each picture
   * @throws ModelException when there is no such version, it computes with integers already, a
   *     label is none of its, no picture is left to watch or the disk refuses
   */
  public Result quantize(String version, Dataset pictures, TrainingProgress progress) {
    // Nobody deletes it meanwhile.
    Pin pin = store.pins().pin("quantize-" + UUID.randomUUID(), Set.of(version));
    ModelBundle bundle = store.open(version);
    try (Weights weights = bundle.weights()) {
      if (weights.quantization().isPresent()) {
        throw new ModelException(version + " computes with integers already");
      }
      Division division = divide(pictures.withLabels(bundle.labels()), progress);
      List<LabelledImage> watched = EvenSample.of(division.others(), MOST_WATCHED);
      Weights quantized = weights.quantized(calibrate(bundle, watched, progress));
      Answers before =
          Answers.of(
              weights,
              bundle.preprocessing(),
              division.heldOut(),
              bundle.labels(),
              threads,
              progress);
      Answers after = answers(bundle, quantized, division.heldOut());
      ModelDraft draft =
          draft(bundle, quantized, watched.size(), pictures, after, Optional.empty());
      Optional<Verdict> verdict =
          judge.judge(
              new Judge.Candidate(
                  draft,
                  store.metadata(version).provenance().images().map(Math::toIntExact).orElse(0),
                  division.heldOut(),
                  after.each(),
                  0,
                  new TrainingResources(threads, TrainingResources.PAPER_MEMORY),
                  progress));
      ModelBundle written =
          store.write(draft(bundle, quantized, watched.size(), pictures, after, verdict));
      return new Result(
          written,
          watched.size(),
          after.each().size(),
          agreeing(before.each(), after.each()),
          verdict);
    } finally {
      pin.close();
    }
  }

  private record Division(List<LabelledImage> heldOut, List<LabelledImage> others) {}

  private static Division divide(Dataset pictures, TrainingProgress progress) {
    Division division = new Division(new ArrayList<>(), new ArrayList<>());
    for (LabelledImage picture : pictures.images()) {
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

  private Quantization calibrate(
      ModelBundle bundle, List<LabelledImage> pictures, TrainingProgress progress) {
    try (Calibration calibration = new Calibration(bundle, threads, BATCH)) {
      evaluator(bundle, Views.CENTER)
          .answer(
              (crops, views) -> calibration.watch(crops),
              pictures,
              progress,
              (picture, probabilities) -> {});
      return calibration
          .quantization()
          .orElseThrow(
              () ->
                  new ModelException(
                      "none of %d pictures can be read: there is nothing to calibrate with"
                          .formatted(pictures.size())));
    }
  }

  /** By the engine that computes with integers. */
  private Answers answers(ModelBundle bundle, Weights quantized, List<LabelledImage> pictures) {
    Answers.Collector collector = new Answers.Collector(bundle.labels());
    try {
      Path folder = Files.createTempDirectory("tagstream-int8");
      ModelBundle onDisk =
          new ModelBundle(
              bundle.version() + " with integers",
              folder,
              bundle.network(),
              bundle.preprocessing(),
              bundle.labels());
      try {
        try (OutputStream file = Files.newOutputStream(onDisk.onnx())) {
          OnnxWriter.write(quantized, file);
        }
        EngineOptions options = new EngineOptions(EngineKind.ONNXRUNTIME, Device.CPU, threads);
        try (LoadedModel model = Engines.load(onDisk, options);
            Engine engine = model.newEngine(BATCH)) {
          evaluator(bundle, Views.CENTER_AND_FLIP)
              .answer(engine::probabilities, pictures, TrainingProgress.SILENT, collector::add);
        }
      } finally {
        Files.deleteIfExists(onDisk.onnx());
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      throw new ModelException("cannot write the model to try it: " + e, e);
    }
    return collector.finish();
  }

  private Evaluator evaluator(ModelBundle bundle, Views views) {
    return new Evaluator(bundle.preprocessing(), views, BATCH, threads);
  }

  private ModelDraft draft(
      ModelBundle bundle,
      Weights quantized,
      int watched,
      Dataset pictures,
      Answers answers,
      Optional<Verdict> verdict) {
    Provenance provenance =
        store
            .metadata(bundle.version())
            .provenance()
            .then(
                "quantized to int8 from version %s, calibrated on %d images of %s"
                    .formatted(bundle.version(), watched, pictures.description()),
                answers.evaluation().map(Evaluation::metrics).orElse(Map.of()));
    return new ModelDraft(
        quantized,
        bundle.preprocessing(),
        bundle.labels(),
        Optional.of(bundle.version()),
        provenance,
        verdict,
        Optional.empty());
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
