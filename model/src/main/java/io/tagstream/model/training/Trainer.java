package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.nd4j.Nd4jBuild;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Trains a network on labelled images and writes it into a store as a new version. */
public final class Trainer {
  private final ModelStore store;
  private final TrainingStep.Factory steps;
  private final int threads;

  /** A trainer that uses all processors. */
  public Trainer(ModelStore store, TrainingStep.Factory steps) {
    this(store, steps, Runtime.getRuntime().availableProcessors());
  }

  /**
   * A trainer.
   *
   * @param steps what computes when more than the last layer trains
   * @param threads of everything else
   */
  public Trainer(ModelStore store, TrainingStep.Factory steps, int threads) {
    this.store = store;
    this.steps = steps;
    this.threads = threads;
  }

  /**
   * Trains. Files that cannot be read are named to {@code progress} and left out.
   *
   * @param validation images to measure with; a fifth of each class is held out without
   * @throws ModelException when the images do not make a training (fewer than two classes, a class
   *     without a readable image), the parent is not there or does not verify, or the loss stops
   *     being a number; then there is no new version
   */
  public TrainingResult train(
      Dataset images,
      Optional<Dataset> validation,
      TrainingOptions options,
      TrainingProgress progress) {
    long begin = System.nanoTime();
    if (Nd4jBuild.onClassPath() == Nd4jBuild.CUDA) {
      throw new ModelException("training runs on the CPU: build without profile cuda");
    }
    requireWritable();
    if (images.labels().size() < 2) {
      throw new ModelException(
          "%s has one class, %s: a training needs two or more"
              .formatted(images.description(), images.labels().get(0)));
    }
    Start start = Start.of(options.parent().map(store::open), options, images.labels());
    Preprocessing geometry = start.geometry();
    Survey survey = Survey.of(images.withLabels(start.labels()), geometry, threads, progress);
    requireEveryClass(survey, validation.isEmpty(), images);
    Survey.Division division =
        validation
            .map(
                given ->
                    new Survey.Division(
                        survey,
                        Survey.of(given.withLabels(start.labels()), geometry, threads, progress)))
            .orElseGet(survey::holdOutAFifth);
    Survey training = division.training();
    int skipped = survey.skipped() + division.validation().skipped();
    progress.start(
        start.labels().size(),
        training.images().size(),
        division.validation().images().size(),
        skipped);

    TrainingRun run =
        new TrainingRun(
            start.parent().isPresent() ? geometry : training.standardised(geometry),
            training.labelled(),
            division.validation().labelled(),
            training.colors().principalColors(),
            start.labels(),
            options,
            threads,
            progress);
    TrainingRun.Arrival arrival = arrive(run, start.weights(options));
    ModelBundle bundle =
        store.write(
            new ModelDraft(
                arrival.weights(),
                run.preprocessing(),
                run.labels(),
                options.parent(),
                provenance(images, division, arrival, start, options)));
    return new TrainingResult(
        bundle,
        training.images().size(),
        skipped,
        arrival.validation(),
        Duration.ofNanos(System.nanoTime() - begin));
  }

  /** Better now than after hours of training. */
  private void requireWritable() {
    try {
      Files.createDirectories(store.root());
      if (!Files.isWritable(store.root())) {
        throw new ModelException("cannot write to " + store.root() + ": no permission");
      }
    } catch (IOException e) {
      throw new ModelException("cannot make the folder " + store.root() + ": " + e, e);
    }
  }

  private TrainingRun.Arrival arrive(TrainingRun run, Weights start) {
    if (run.options().freezeTo().equals(Optional.of(FreezeTo.FC7))) {
      return LastLayerTraining.train(run, start);
    }
    NetworkDescription network = start.network();
    Set<String> denseLayers =
        network.dense().stream().map(Dense::name).collect(Collectors.toUnmodifiableSet());
    Set<String> trainable =
        network.parameters().stream()
            .filter(
                parameter ->
                    run.options().freezeTo().isEmpty() || denseLayers.contains(parameter.layer()))
            .map(Parameter::name)
            .collect(Collectors.toUnmodifiableSet());
    return StepTraining.train(run, steps, start, trainable);
  }

  private static void requireEveryClass(Survey survey, boolean split, Dataset images) {
    List<String> shortages =
        survey.classSizes(split).stream()
            .filter(size -> !size.isEnough(1))
            .map(size -> size.shortage(1))
            .toList();
    if (!shortages.isEmpty()) {
      throw new ModelException(
          "%s: %s; remove the class or add images"
              .formatted(images.description(), String.join("; ", shortages)));
    }
  }

  private static Provenance provenance(
      Dataset images,
      Survey.Division division,
      TrainingRun.Arrival arrival,
      Start start,
      TrainingOptions options) {
    Map<String, Double> metrics = new TreeMap<>();
    arrival
        .validation()
        .ifPresent(
            evaluation -> {
              metrics.put("top1", evaluation.top1());
              metrics.put("top5", evaluation.top5());
              metrics.put("validationImages", (double) evaluation.images());
            });
    List<String> labels = start.labels();
    return Provenance.trained(
        "%s: %d images in %d classes, SHA-256 %s"
            .formatted(
                images.description(),
                division.training().images().size(),
                labels.size(),
                division.training().fingerprint()),
        division.training().images().size(),
        options.freezeTo().map(layer -> "frozen to " + layer).orElse("simple"),
        options.hyperParameters(),
        options.seed(),
        metrics,
        start.parent().map(ModelBundle::labels).equals(Optional.of(labels))
            ? "the parent's"
            : "the images'",
        "ND4J");
  }
}
