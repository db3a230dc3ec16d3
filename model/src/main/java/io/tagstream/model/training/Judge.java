package io.tagstream.model.training;

import io.tagstream.model.report.Answer;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.Verdict;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Looks at finished weights before they become a version, so that what it finds is part of the
 * bundle, which never changes afterwards.
 */
public interface Judge {

  /** Nobody looks. */
  Judge NONE = candidate -> Optional.empty();

  /**
   * Looks, on the thread that trains; empty where nothing can be said.
   *
   * @throws java.util.concurrent.CancellationException when the candidate's progress says so
   */
  Optional<Verdict> judge(Candidate candidate);

  /**
   * Weights that are about to become a version.
   *
   * @param model what will be written, without verdict and report
   * @param trainingImages how many images it learned from
   * @param heldOut the images that never train, those that look like a training image left out
   * @param answers its answers to those of them that could be read
   * @param nearDuplicates how many were left out
   * @param resources what the judge may take
   * @param progress says whether the judge is to go on
   */
  record Candidate(
      ModelDraft model,
      int trainingImages,
      List<LabelledImage> heldOut,
      List<Answer> answers,
      int nearDuplicates,
      TrainingResources resources,
      TrainingProgress progress) {
    public Candidate {
      Objects.requireNonNull(model);
      heldOut = List.copyOf(heldOut);
      answers = List.copyOf(answers);
      Objects.requireNonNull(resources);
      Objects.requireNonNull(progress);
    }
  }
}
