package io.tagstream.model.training;

import io.tagstream.model.network.Weights;
import io.tagstream.model.report.LabelledPrediction;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Applies the {@link Gate} to a candidate: evaluates the candidate and the current live version on
 * the held-out images.
 */
public final class LiveGate implements Judge {
  private final ModelStore store;
  private final int minHeldOut;

  /**
   * Compares with the live version of a store.
   *
   * @param minHeldOut held-out images below which the live version is not replaced
   */
  public LiveGate(ModelStore store, int minHeldOut) {
    this.store = store;
    this.minHeldOut = minHeldOut;
  }

  @Override
  public Optional<Verdict> judge(Candidate candidate) {
    ModelDraft model = candidate.model();
    Optional<ModelBundle> live =
        store.versions().isEmpty() ? Optional.empty() : Optional.of(store.openLive());
    Map<String, List<String>> incumbents =
        live.map(bundle -> incumbents(bundle, candidate)).orElse(Map.of());
    List<PairedPrediction> pairs = new ArrayList<>();
    for (LabelledPrediction prediction : candidate.predictions()) {
      // Skip an image that became unreadable before the incumbent's evaluation.
      if (live.isEmpty() || incumbents.containsKey(prediction.id())) {
        pairs.add(
            new PairedPrediction(
                model.labels().get(prediction.trueClass()),
                incumbents.getOrDefault(prediction.id(), List.of()),
                best(prediction, model.labels())));
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
            candidate.trainingImages(),
            minHeldOut);
    return Optional.of(gate.judge(pairs, candidate.nearDuplicates()));
  }

  /** The incumbent's five best labels by image id. */
  private static Map<String, List<String>> incumbents(ModelBundle live, Candidate candidate) {
    Map<String, List<String>> predictions = new HashMap<>();
    try (Weights weights = live.weights()) {
      for (LabelledPrediction prediction :
          EvaluatedPredictions.of(
                  weights,
                  live.preprocessing(),
                  // The incumbent may lack the images' classes. Only its predicted labels are used,
                  // so any class index will do.
                  candidate.heldOut().stream().map(image -> image.withClass(0)).toList(),
                  live.labels(),
                  candidate.resources().threads(),
                  candidate.progress())
              .each()) {
        predictions.put(prediction.id(), best(prediction, live.labels()));
      }
    }
    return predictions;
  }

  private static List<String> best(LabelledPrediction prediction, List<String> labels) {
    return prediction.best().stream().map(guess -> labels.get(guess.classIndex())).toList();
  }
}
