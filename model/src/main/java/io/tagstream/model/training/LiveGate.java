package io.tagstream.model.training;

import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.nd4j.DirectWeights;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The gate as a judge: both the candidate and the version that is live then answer the held-out
 * images. Without held-out images there is no verdict.
 */
public final class LiveGate implements Judge {
  private static final int BATCH = 64;
  private static final Views VIEWS = Views.CENTER_AND_FLIP;

  private final ModelStore store;

  public LiveGate(ModelStore store) {
    this.store = store;
  }

  @Override
  public Judgement judge(Candidate candidate) {
    return new Judgement(verdict(candidate), Optional.empty());
  }

  private Optional<Verdict> verdict(Candidate candidate) {
    if (candidate.heldOut().isEmpty()) {
      return Optional.empty();
    }
    ModelDraft model = candidate.model();
    Map<String, List<String>> answers =
        answers(model.weights(), model.preprocessing(), model.labels(), candidate);
    Optional<ModelBundle> live =
        store.versions().isEmpty() ? Optional.empty() : Optional.of(store.openLive());
    Map<String, List<String>> incumbents =
        live.map(
                bundle ->
                    answers(bundle.weights(), bundle.preprocessing(), bundle.labels(), candidate))
            .orElse(Map.of());
    List<PairedAnswer> pairs = new ArrayList<>();
    for (LabelledImage image : candidate.heldOut()) {
      List<String> incumbent = incumbents.getOrDefault(image.id(), List.of());
      List<String> mine = answers.getOrDefault(image.id(), List.of());
      // One that one of the two could not read any more says nothing.
      if (!mine.isEmpty() && (live.isEmpty() || !incumbent.isEmpty())) {
        pairs.add(new PairedAnswer(model.labels().get(image.classIndex()), incumbent, mine));
      }
    }
    Gate gate =
        new Gate(
            live.map(
                bundle ->
                    new Gate.Incumbent(
                        bundle.version(),
                        bundle.labels(),
                        store.metadata(bundle.version()).provenance().images())),
            model.labels(),
            candidate.training().size());
    return pairs.isEmpty()
        ? Optional.empty()
        : Optional.of(gate.judge(pairs, candidate.nearDuplicates()));
  }

  /** The five best labels by image id. */
  private static Map<String, List<String>> answers(
      Weights weights, Preprocessing preprocessing, List<String> labels, Candidate candidate) {
    Map<String, List<String>> answers = new HashMap<>();
    try (DirectWeights onDevice =
            new DirectWeights(
                weights, new Normalization(preprocessing), candidate.resources().threads());
        Forward forward = onDevice.newForward(BATCH)) {
      new Evaluator(preprocessing, VIEWS, BATCH, 1)
          .answer(
              Classifier.of(forward, preprocessing, labels.size()),
              candidate.heldOut(),
              TrainingProgress.SILENT,
              (image, probabilities) ->
                  answers.put(image.id(), PairedAnswer.best(probabilities, labels)));
    }
    return answers;
  }
}
