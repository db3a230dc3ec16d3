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
 * @param images to learn from and, without validation images, to hold a fifth of out
 * @param validation images to measure with instead
 * @param fresh ids of the images that the parent has not seen, which all are in every epoch;
 *     without any such knowledge all images are
 * @param parentLearnedHere whether the parent learned from the images' source as it was before.
 *     Then a class of it without an image now is one whose images are gone, not one of other
 *     pictures
 */
public record TrainingTask(
    Optional<String> version,
    Dataset images,
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
  }

  /** One that nobody has named. */
  public static TrainingTask of(
      Dataset images, Optional<Dataset> validation, TrainingOptions options) {
    return new TrainingTask(Optional.empty(), images, validation, Optional.empty(), false, options);
  }
}
