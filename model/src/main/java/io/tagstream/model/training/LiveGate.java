package io.tagstream.model.training;

import io.tagstream.model.network.Weights;
import io.tagstream.model.report.Answer;
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
 * The gate as a judge: both the candidate and the version that is live then answer the held-out
 * images.
 */
public final class LiveGate implements Judge {
  private final ModelStore store;
  private final int minHeldOut;

  /**
   * A gate in front of a store.
   *
   * @param minHeldOut held-out images without which nothing takes the place of the live version
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
    List<PairedAnswer> pairs = new ArrayList<>();
    for (Answer answer : candidate.answers()) {
      // One that the incumbent could not read any more says nothing.
      if (live.isEmpty() || incumbents.containsKey(answer.id())) {
        pairs.add(
            new PairedAnswer(
                model.labels().get(answer.trueClass()),
                incumbents.getOrDefault(answer.id(), List.of()),
                best(answer, model.labels())));
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
    Map<String, List<String>> answers = new HashMap<>();
    try (Weights weights = live.weights()) {
      for (Answer answer :
          Answers.of(
                  weights,
                  live.preprocessing(),
                  // It may have fewer classes than there are: what it says is looked at, not the
                  // class.
                  candidate.heldOut().stream().map(image -> image.withClass(0)).toList(),
                  live.labels(),
                  candidate.resources().threads(),
                  candidate.progress())
              .each()) {
        answers.put(answer.id(), best(answer, live.labels()));
      }
    }
    return answers;
  }

  private static List<String> best(Answer answer, List<String> labels) {
    return answer.best().stream().map(guess -> labels.get(guess.classIndex())).toList();
  }
}
