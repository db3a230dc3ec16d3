package io.tagstream.model.training;

import io.tagstream.model.store.ModelBundle;
import java.time.Duration;
import java.util.Optional;

/**
 * What came out of a training.
 *
 * @param bundle the new version, in the store
 * @param trainingImages images it learned from
 * @param skipped files that could not be read
 * @param validation empty when there were no validation images
 */
public record TrainingResult(
    ModelBundle bundle,
    int trainingImages,
    int skipped,
    Optional<Evaluation> validation,
    Duration time) {}
