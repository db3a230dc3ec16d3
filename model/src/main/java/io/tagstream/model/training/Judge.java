package io.tagstream.model.training;

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
  Judge NONE = candidate -> new Judgement(Optional.empty(), Optional.empty());

  /** Looks, on the thread that trains. */
  Judgement judge(Candidate candidate);

  /**
   * Weights that are about to become a version.
   *
   * @param version the name it will have
   * @param model what will be written, without verdict and report
   * @param training the images it learned from
   * @param heldOut the images that never train, those that look like a training image left out
   * @param nearDuplicates how many those are
   * @param waiting the classes that had too few images
   * @param resources what the judge may take
   */
  record Candidate(
      String version,
      ModelDraft model,
      List<LabelledImage> training,
      List<LabelledImage> heldOut,
      int nearDuplicates,
      List<ClassSize> waiting,
      TrainingHistory history,
      TrainingResources resources) {
    public Candidate {
      Objects.requireNonNull(version);
      Objects.requireNonNull(model);
      training = List.copyOf(training);
      heldOut = List.copyOf(heldOut);
      waiting = List.copyOf(waiting);
      Objects.requireNonNull(history);
      Objects.requireNonNull(resources);
    }
  }

  /**
   * What goes into the bundle.
   *
   * @param report a page about the training
   */
  record Judgement(Optional<Verdict> verdict, Optional<String> report) {
    public Judgement {
      Objects.requireNonNull(verdict);
      Objects.requireNonNull(report);
    }
  }
}
