package io.tagstream.model.training;

import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The task of a training.
 *
 * @param version the name of the new version, from {@link
 *     io.tagstream.model.store.ModelStore#newVersion}, if the caller must know it in advance; a run
 *     of that name is resumed. If empty, a run with the same images and options is resumed, or a
 *     new one begins
 * @param images the training images
 * @param split whether the fifth of them that {@link Split} selects is held out
 * @param validation images to measure on instead of that fifth
 * @param fresh ids of the images that the parent was not trained on, which are part of every epoch;
 *     if unknown, all images are
 * @param parentLearnedHere whether the parent was trained on an earlier state of the same source.
 *     Then a class of the parent without images lost its images, and does not come from other data
 */
public record TrainingTask(
    Optional<String> version,
    Dataset images,
    boolean split,
    Optional<Dataset> validation,
    Optional<Set<String>> fresh,
    boolean parentLearnedHere,
    TrainingOptions options) {

  public TrainingTask {
    Objects.requireNonNull(version);
    Objects.requireNonNull(images);
    Objects.requireNonNull(validation);
    fresh = fresh.map(Set::copyOf);
    Objects.requireNonNull(options);
    if (!split && validation.isEmpty()) {
      throw new IllegalArgumentException(
          "a training needs held-out images: a split or validation images");
    }
  }

  /** A task without a version name. Validation images replace the split. */
  public static TrainingTask of(
      Dataset images, Optional<Dataset> validation, TrainingOptions options) {
    return new TrainingTask(
        Optional.empty(),
        images,
        validation.isEmpty(),
        validation,
        Optional.empty(),
        false,
        options);
  }

  /**
   * The same task with the split applied, for images that later trainings will split: what those
   * hold out must not be trained on here.
   */
  public TrainingTask splitting() {
    return new TrainingTask(version, images, true, validation, fresh, parentLearnedHere, options);
  }
}
