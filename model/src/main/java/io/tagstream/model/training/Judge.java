package io.tagstream.model.training;

import io.tagstream.model.report.LabelledPrediction;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.Verdict;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Evaluates trained weights before they become a version, so that the verdict is part of the
 * bundle, which never changes afterwards.
 */
public interface Judge {

  /** Gives no verdict. */
  Judge NONE = candidate -> Optional.empty();

  /**
   * Evaluates a candidate, on the training thread; empty if no verdict is possible.
   *
   * @throws java.util.concurrent.CancellationException if the candidate's progress is cancelled
   */
  Optional<Verdict> judge(Candidate candidate);

  /**
   * A trained model that may become a version.
   *
   * @param model the draft, without verdict and report
   * @param trainingImages the number of images that it was trained on
   * @param heldOut the held-out images, without those that look like a training image
   * @param predictions its predictions for the readable ones of them
   * @param nearDuplicates the number of images left out
   * @param resources the resources that the judge may use
   * @param progress can cancel the judge
   */
  record Candidate(
      ModelDraft model,
      int trainingImages,
      List<LabelledImage> heldOut,
      List<LabelledPrediction> predictions,
      int nearDuplicates,
      TrainingResources resources,
      TrainingProgress progress) {
    public Candidate {
      Objects.requireNonNull(model);
      heldOut = List.copyOf(heldOut);
      predictions = List.copyOf(predictions);
      Objects.requireNonNull(resources);
      Objects.requireNonNull(progress);
    }
  }
}
