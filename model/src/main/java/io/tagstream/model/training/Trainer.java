package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.nd4j.Nd4jBuild;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.report.LabelledPrediction;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Pin;
import io.tagstream.model.store.Provenance;
import io.tagstream.model.store.RunFolder;
import io.tagstream.model.store.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Trains a network and writes it to a store as a new version: prepares, trains, has the judge
 * evaluate the result and writes it. A killed or cancelled training leaves a run folder in the
 * store, from which the next training with the same images and options resumes.
 */
public final class Trainer {
  private static final String LAST_LAYER = "last layer";

  /** A run that was not resumed for this long is removed; its checkpoint has a gigabyte. */
  private static final Duration ABANDONED_AFTER = Duration.ofDays(7);

  private final ModelStore store;
  private final TrainingStep.Factory steps;
  private final TrainingResources resources;
  private final Judge judge;
  private final Duration checkpointPause;

  /**
   * A trainer whose versions get no verdict.
   *
   * @param steps creates the training step that trains more than the last layer
   */
  public Trainer(ModelStore store, TrainingStep.Factory steps, TrainingResources resources) {
    this(store, steps, resources, Judge.NONE);
  }

  /**
   * @param steps creates the training step that trains more than the last layer
   * @param judge evaluates the weights before they are written
   */
  public Trainer(
      ModelStore store, TrainingStep.Factory steps, TrainingResources resources, Judge judge) {
    this(store, steps, resources, judge, Checkpoints.PAUSE);
  }

  /**
   * As the public constructor, with another pause.
   *
   * @param checkpointPause the least time between two checkpoints
   */
  Trainer(
      ModelStore store,
      TrainingStep.Factory steps,
      TrainingResources resources,
      Judge judge,
      Duration checkpointPause) {
    this.store = store;
    this.steps = steps;
    this.resources = resources;
    this.judge = judge;
    this.checkpointPause = checkpointPause;
  }

  /**
   * Trains and writes a new version. Unreadable files are reported to {@code progress} and left
   * out.
   *
   * @throws ModelException if fewer than two classes have enough images, the parent is missing or
   *     invalid, the loss is no longer finite or the file system fails; no version is written then
   * @throws java.util.concurrent.CancellationException if {@code progress} is cancelled
   */
  public TrainingResult train(TrainingTask task, TrainingProgress progress) {
    // Pin the parent: a run that is resumed after a crash needs it.
    Optional<Pin> pin =
        task.options()
            .parent()
            .map(parent -> store.pins().pin("training-" + UUID.randomUUID(), Set.of(parent)));
    try {
      return trainPinned(task, progress);
    } finally {
      pin.ifPresent(Pin::close);
    }
  }

  private TrainingResult trainPinned(TrainingTask task, TrainingProgress progress) {
    Instant started = Instant.now();
    long begin = System.nanoTime();
    if (Nd4jBuild.onClassPath() == Nd4jBuild.CUDA) {
      throw new ModelException("training runs on the CPU: build without profile cuda");
    }
    requireWritable();
    task.version().ifPresent(this::requireNew);
    RunFolder.removeAbandoned(store, ABANDONED_AFTER);
    Preparation preparation = Preparation.of(store, task, resources.threads(), progress);
    Outcome outcome =
        task.options().lastLayerOnly()
            ? trainLastLayer(started, preparation, progress)
            : trainBySteps(started, preparation, progress);
    return new TrainingResult(
        outcome.bundle(),
        preparation.training().images().size(),
        preparation.unreadable().size(),
        preparation.classes().waiting(),
        outcome.trained().heldOut().evaluation(),
        outcome.verdict(),
        outcome.trained().history(),
        Duration.ofNanos(System.nanoTime() - begin));
  }

  private record Outcome(
      ModelBundle bundle, TrainingRun.Trained trained, Optional<Verdict> verdict) {}

  private void requireNew(String version) {
    if (store.versions().contains(version)) {
      throw new ModelException("version %s is in %s already".formatted(version, store.root()));
    }
  }

  /** Fails before hours of training rather than after. */
  private void requireWritable() {
    try {
      Files.createDirectories(store.root());
      if (!Files.isWritable(store.root())) {
        throw new ModelException("cannot write to " + store.root() + ": no permission");
      }
    } catch (IOException e) {
      throw new ModelException("cannot create the folder " + store.root() + ": " + e, e);
    }
  }

  /** Keeps no checkpoint, because it takes seconds or a few minutes. */
  private Outcome trainLastLayer(
      Instant started, Preparation preparation, TrainingProgress progress) {
    String version = preparation.task().version().orElseGet(store::newVersion);
    TrainingRun run = preparation.run(resources, progress);
    progress.run(version, LAST_LAYER, 1, 0);
    // The trained weights share the lower layers with the initial ones.
    try (Weights first = preparation.initialWeights()) {
      TrainingRun.Trained trained = LastLayerTraining.train(run, first);
      ModelDraft draft = draft(preparation, LAST_LAYER, preparation.hyperParameters(), trained);
      return publish(version, started, draft, preparation, run, trained);
    }
  }

  private Outcome trainBySteps(
      Instant started, Preparation preparation, TrainingProgress progress) {
    TrainingRun run = preparation.run(resources, progress);
    Budget budget = Budget.of(run.recipe(), run.options(), run.training().size());
    try (Checkpoints checkpoints =
            Checkpoints.open(
                store,
                preparation.task().version(),
                preparation.identity(budget),
                budget,
                checkpointPause);
        Weights first = preparation.initialWeights()) {
      TrainingRun.Trained trained =
          StepTraining.train(run, checkpoints, steps, first, trainable(preparation));
      Map<String, String> parameters = preparation.hyperParameters();
      parameters.put("imageSteps", Long.toString(checkpoints.budget().imageSteps()));
      ModelDraft draft = draft(preparation, run.recipe().name(), parameters, trained);
      Outcome outcome = publish(checkpoints.version(), started, draft, preparation, run, trained);
      checkpoints.remove();
      return outcome;
    }
  }

  private Outcome publish(
      String version,
      Instant started,
      ModelDraft draft,
      Preparation preparation,
      TrainingRun run,
      TrainingRun.Trained trained) {
    List<LabelledPrediction> predictions = trained.heldOut().each();
    Optional<Verdict> verdict =
        judge.judge(
            new Judge.Candidate(
                draft,
                run.training().size(),
                run.heldOut(),
                predictions,
                preparation.nearDuplicates(),
                resources,
                run.progress()));
    String page =
        TrainingPage.html(
            version, started, preparation, run, trained.history(), draft, predictions, verdict);
    ModelBundle bundle = store.write(version, draft.withVerdict(verdict).withReport(page));
    return new Outcome(bundle, trained, verdict);
  }

  private static Set<String> trainable(Preparation preparation) {
    NetworkDescription network = preparation.network();
    Set<String> denseLayers =
        network.dense().stream().map(Dense::name).collect(Collectors.toUnmodifiableSet());
    boolean all = preparation.task().options().freezeTo().isEmpty();
    return network.parameters().stream()
        .filter(parameter -> all || denseLayers.contains(parameter.layer()))
        .map(Parameter::name)
        .collect(Collectors.toUnmodifiableSet());
  }

  private static ModelDraft draft(
      Preparation preparation,
      String recipe,
      Map<String, String> hyperParameters,
      TrainingRun.Trained trained) {
    Provenance provenance =
        Provenance.trained(
            "%s: %d images in %d classes, SHA-256 %s"
                .formatted(
                    preparation.task().images().description(),
                    preparation.training().images().size(),
                    preparation.classes().labels().size(),
                    preparation.training().fingerprint()),
            preparation.training().images().size(),
            recipe,
            hyperParameters,
            preparation.task().options().seed(),
            trained.heldOut().evaluation().map(Evaluation::metrics).orElse(Map.of()),
            preparation.classes().origin().toString(),
            preparation.endToEnd(),
            "ND4J");
    return new ModelDraft(
        trained.weights(),
        preparation.preprocessing(),
        preparation.classes().labels(),
        preparation.parent().map(ModelBundle::version),
        provenance);
  }
}
