package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.store.Preprocessing;
import java.util.List;
import java.util.Optional;

/** The pictures of {@link Experiment}s: the same ones, in the same order, for all of them. */
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
   * Reads every picture once.
   *
   * @param validation to measure with; without them the fifth of the images that {@link Split} says
   * @param crop S, the side of a crop in pixels
   * @param threads that decode
   * @throws ModelException when the pictures are not of two classes at least, or none is left to
   *     learn from or to measure with
   * @throws java.util.concurrent.CancellationException when {@code progress} says so
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
          "%s: %d classes, %d pictures to learn from and %d to measure with are too few to compare networks"
              .formatted(images.description(), survey.labels().size(), learned, measured));
    }
    progress.start(
        survey.labels().size(),
        learned,
        measured,
        survey.unreadable().size() + division.validation().unreadable().size());
    return new ExperimentImages(division.training(), division.validation(), geometry);
  }

  /** In class order. */
  public List<String> labels() {
    return training.labels();
  }

  /** To learn from. */
  List<LabelledImage> training() {
    return training.labelled();
  }

  /** To measure with. */
  List<LabelledImage> validation() {
    return validation.labelled();
  }

  Preprocessing preprocessing(Pixels pixels) {
    return training.preprocessing(geometry, pixels);
  }

  PrincipalColors principalColors() {
    return training.colors().principalColors();
  }

  /** Of the networks' input. */
  public Preprocessing.ChannelOrder channelOrder() {
    return geometry.channelOrder();
  }

  /** How many there are to learn from. */
  public int trainingCount() {
    return training.images().size();
  }

  /** How many there are to measure with. */
  public int validationCount() {
    return validation.images().size();
  }

  /** The same for the same pictures in the same classes and parts. */
  public String fingerprint() {
    return training.fingerprint() + validation.fingerprint();
  }
}
