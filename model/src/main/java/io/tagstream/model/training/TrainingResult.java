package io.tagstream.model.training;

import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What came out of a training.
 *
 * @param bundle the new version, in the store
 * @param trainingImages images it learned from
 * @param skipped files that could not be read
 * @param waiting the classes that had too few images
 * @param validation empty when there were no validation images
 * @param verdict of the judge, where it gave one
 * @param history the curves
 * @param time in this process
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
