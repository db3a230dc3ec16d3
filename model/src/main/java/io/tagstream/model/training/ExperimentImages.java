package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.store.Preprocessing;
import java.util.List;
import java.util.Optional;

/** The images of {@link Experiment}s: the same images in the same order for all of them. */
public final class ExperimentImages {
  private final Survey training;
  private final Survey validation;
  private final Preprocessing geometry;

  private ExperimentImages(Survey training, Survey validation, Preprocessing geometry) {
    this.training = training;
    this.validation = validation;
    this.geometry = geometry;
  }

  /**
   * Reads every image once.
   *
   * @param validation the images to measure on; by default the fifth that {@link Split} holds out
   * @param crop S, the side of a crop in pixels
   * @param threads decoding threads
   * @throws ModelException if there are fewer than two classes, no training image or no validation
   *     image
   * @throws java.util.concurrent.CancellationException if {@code progress} is cancelled
   */
  public static ExperimentImages of(
      Dataset images,
      Optional<Dataset> validation,
      int crop,
      int threads,
      TrainingProgress progress) {
    Preprocessing geometry = Preparation.geometry(crop);
    Survey survey = Survey.of(images, geometry, threads, progress);
    Survey.Division division =
        validation
            .map(
                others ->
                    new Survey.Division(
                        survey,
                        Survey.of(others.withLabels(survey.labels()), geometry, threads, progress)))
            .orElseGet(survey::holdOutAFifth);
    int learned = division.training().images().size();
    int measured = division.validation().images().size();
    if (survey.labels().size() < 2 || learned == 0 || measured == 0) {
      throw new ModelException(
          "%s: %d classes, %d training images and %d validation images are too few to compare networks"
              .formatted(images.description(), survey.labels().size(), learned, measured));
    }
    progress.start(
        survey.labels().size(),
        learned,
        measured,
        survey.unreadable().size() + division.validation().unreadable().size());
    return new ExperimentImages(division.training(), division.validation(), geometry);
  }

  /** Labels in class order. */
  public List<String> labels() {
    return training.labels();
  }

  List<LabelledImage> training() {
    return training.labelled();
  }

  List<LabelledImage> validation() {
    return validation.labelled();
  }

  Preprocessing preprocessing(InputScaling pixels) {
    return training.preprocessing(geometry, pixels);
  }

  PrincipalColors principalColors() {
    return training.colors().principalColors();
  }

  /** The channel order of the networks' input. */
  public Preprocessing.ChannelOrder channelOrder() {
    return geometry.channelOrder();
  }

  public int trainingCount() {
    return training.images().size();
  }

  public int validationCount() {
    return validation.images().size();
  }

  /** Equal for equal images in the same classes and the same split. */
  public String fingerprint() {
    return training.fingerprint() + validation.fingerprint();
  }
}
