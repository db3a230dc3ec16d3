package io.tagstream.model.training;

import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A training to be done.
 *
 * @param version the name of the version to be, from {@link
 *     io.tagstream.model.store.ModelStore#newVersion}, where whoever asks must know it before; a
 *     run of that name goes on. Without one a run of the same images and options goes on, or a new
 *     one begins
 * @param images to learn from
 * @param split whether the fifth of them that {@link Split} says never trains
 * @param validation images to measure with instead of that fifth
 * @param fresh ids of the images that the parent has not seen, which all are in every epoch;
 *     without any such knowledge all images are
 * @param parentLearnedHere whether the parent learned from the images' source as it was before.
 *     Then a class of it without an image now is one whose images are gone, not one of other
 *     pictures
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
      throw new IllegalArgumentException("a training needs images that do not train");
    }
  }

  /** One that nobody has named. Validation images take the place of the fifth. */
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

  /** The same, for images that later trainings split: what those hold out must not train here. */
  public TrainingTask splitting() {
    return new TrainingTask(version, images, true, validation, fresh, parentLearnedHere, options);
  }
}
