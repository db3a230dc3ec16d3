package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.nd4j.Nd4jBuild;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.report.Answer;
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
 * Trains a network and writes it into a store as a new version: prepares, trains, has it judged and
 * writes. A training that is killed or cancelled leaves a run folder in the store, from which the
 * next one of the same images and options goes on.
 */
public final class Trainer {
  private static final String LAST_LAYER = "last layer";

  /** A run that nobody has gone on with for so long holds a gigabyte for nothing. */
  private static final Duration ABANDONED_AFTER = Duration.ofDays(7);

  private final ModelStore store;
  private final TrainingStep.Factory steps;
  private final TrainingResources resources;
  private final Judge judge;
  private final Duration checkpointPause;

  /**
   * A trainer whose versions go through no gate.
   *
   * @param steps what computes when more than the last layer trains
   */
  public Trainer(ModelStore store, TrainingStep.Factory steps, TrainingResources resources) {
    this(store, steps, resources, Judge.NONE);
  }

  /**
   * A trainer.
   *
   * @param steps what computes when more than the last layer trains
   * @param judge looks at the weights before they are written
   */
  public Trainer(
      ModelStore store, TrainingStep.Factory steps, TrainingResources resources, Judge judge) {
    this(store, steps, resources, judge, Checkpoints.PAUSE);
  }

  /**
   * A trainer of another patience.
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
   * Trains. Files that cannot be read are named to {@code progress} and left out.
   *
   * @throws ModelException when the images do not make a training (fewer than two classes with
   *     enough images), the parent is not there or does not verify, the loss stops being a number
   *     or the disk refuses; then there is no new version
   * @throws java.util.concurrent.CancellationException when {@code progress} says so
   */
  public TrainingResult train(TrainingTask task, TrainingProgress progress) {
    // A parent that is deleted meanwhile would be missing to whoever goes on after a crash.
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
        outcome.arrival().heldOut().evaluation(),
        outcome.verdict(),
        outcome.arrival().history(),
        Duration.ofNanos(System.nanoTime() - begin));
  }

  private record Outcome(
      ModelBundle bundle, TrainingRun.Arrival arrival, Optional<Verdict> verdict) {}

  private void requireNew(String version) {
    if (store.versions().contains(version)) {
      throw new ModelException("version %s is in %s already".formatted(version, store.root()));
    }
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

  /** It takes seconds, or a few minutes, so it keeps no checkpoint. */
  private Outcome trainLastLayer(
      Instant started, Preparation preparation, TrainingProgress progress) {
    String version = preparation.task().version().orElseGet(store::newVersion);
    TrainingRun run = preparation.run(resources, progress);
    progress.run(version, LAST_LAYER, 1, 0);
    // What arrives shares the lower layers with it.
    try (Weights first = preparation.firstWeights()) {
      TrainingRun.Arrival arrival = LastLayerTraining.train(run, first);
      ModelDraft draft = draft(preparation, LAST_LAYER, preparation.hyperParameters(), arrival);
      return publish(version, started, draft, preparation, run, arrival);
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
        Weights first = preparation.firstWeights()) {
      TrainingRun.Arrival arrival =
          StepTraining.train(run, checkpoints, steps, first, trainable(preparation));
      Map<String, String> parameters = preparation.hyperParameters();
      parameters.put("imageSteps", Long.toString(checkpoints.budget().imageSteps()));
      ModelDraft draft = draft(preparation, run.recipe().name(), parameters, arrival);
      Outcome outcome = publish(checkpoints.version(), started, draft, preparation, run, arrival);
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
      TrainingRun.Arrival arrival) {
    List<Answer> answers = arrival.heldOut().each();
    Optional<Verdict> verdict =
        judge.judge(
            new Judge.Candidate(
                draft,
                run.training().size(),
                run.heldOut(),
                answers,
                preparation.nearDuplicates(),
                resources,
                run.progress()));
    String page =
        TrainingPage.html(
            version, started, preparation, run, arrival.history(), draft, answers, verdict);
    ModelBundle bundle = store.write(version, draft.judged(verdict).reported(page));
    return new Outcome(bundle, arrival, verdict);
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
      TrainingRun.Arrival arrival) {
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
            arrival.heldOut().evaluation().map(Evaluation::metrics).orElse(Map.of()),
            preparation.classes().origin().toString(),
            preparation.endToEnd(),
            "ND4J");
    return new ModelDraft(
        arrival.weights(),
        preparation.preprocessing(),
        preparation.classes().labels(),
        preparation.parent().map(ModelBundle::version),
        provenance);
  }
}
