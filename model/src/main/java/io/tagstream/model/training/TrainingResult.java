package io.tagstream.model.training;

import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The result of a training.
 *
 * @param bundle the new version, in the store
 * @param trainingImages the number of training images
 * @param skipped files that could not be read
 * @param waiting the classes that had too few images
 * @param validation empty without held-out images
 * @param verdict the judge's; empty if it gave none
 * @param history the curves
 * @param time the time in this process
 */
public record TrainingResult(
    ModelBundle bundle,
    int trainingImages,
    int skipped,
    List<ClassSize> waiting,
    Optional<Evaluation> validation,
    Optional<Verdict> verdict,
    TrainingHistory history,
    Duration time) {}
