package io.tagstream.model.ablation;

import io.tagstream.model.ModelException;
import io.tagstream.model.ablation.AblationFindings.Found;
import io.tagstream.model.ablation.Comparison.Side;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Weights;
import io.tagstream.model.report.AblationReport.Cost;
import io.tagstream.model.report.KernelPicture;
import io.tagstream.model.store.AtomicFiles;
import io.tagstream.model.store.StoreJson;
import io.tagstream.model.training.Experiment;
import io.tagstream.model.training.ExperimentImages;
import io.tagstream.model.training.TrainingResources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;

/**
 * Trains networks that each differ in one idea and compares their accuracy. Each completed training
 * is stored in a file and not repeated by the same ablation.
 */
public final class Ablation {
  private static final long FIRST_SEED = 1;

  private final ExperimentImages images;
  private final AblationPlan plan;
  private final TrainingStep.Factory steps;
  private final TrainingResources resources;
  private final Path kept;
  private final Listener listener;

  private final List<AblationRun> runs = new ArrayList<>();

  /**
   * The runs that are compared, by variant, in the order of seeds; for figure 1 only those at the
   * best learning rate.
   */
  private final Map<String, List<AblationRun>> counting = new LinkedHashMap<>();

  private final List<Cost> costs = new ArrayList<>();

  /** Receives the progress of an ablation and can cancel it. */
  public interface Listener {
    void begins(Variant variant, long seed);

    /**
     * An epoch of the current training has ended.
     *
     * @param trainingError after the epoch, 0 to 1
     */
    void epoch(int epoch, int of, double trainingError);

    /**
     * A training has ended.
     *
     * @param before whether it was done by an earlier run and read from its file
     */
    void done(AblationRun run, boolean before);

    /** Checked before each step. */
    boolean isCancelled();
  }

  /**
   * @param kept the folder of completed trainings; it is created if missing
   */
  public Ablation(
      ExperimentImages images,
      AblationPlan plan,
      TrainingStep.Factory steps,
      TrainingResources resources,
      Path kept,
      Listener listener) {
    this.images = images;
    this.plan = plan;
    this.steps = steps;
    this.resources = resources;
    this.kept = kept;
    this.listener = listener;
  }

  /**
   * Runs the trainings that are not done yet, and compares.
   *
   * @throws ModelException if the folder holds trainings of another ablation or cannot be written
   * @throws CancellationException if the listener cancels; completed trainings are kept
   */
  public AblationFindings run() {
    for (Activation activation : List.of(Activation.RELU, Activation.TANH)) {
      runFigure1(activation);
    }
    for (long seed : plan.allSeeds()) {
      for (Variant variant : plan.ofTable()) {
        count(variant, run(variant, seed));
      }
    }
    return new AblationFindings(
        runs,
        counting.get(Variant.RELU),
        counting.get(Variant.TANH),
        plan.comparisons().stream().map(this::compare).toList(),
        costs);
  }

  /**
   * Trains at every learning rate with the first seed, then at the best rate with the other seeds.
   */
  private void runFigure1(Activation activation) {
    Map<AblationRun, Variant> tried = new LinkedHashMap<>();
    for (double rate : plan.rates()) {
      Variant variant = plan.ofFigure1(activation, rate);
      tried.put(run(variant, FIRST_SEED), variant);
    }
    AblationRun best =
        tried.keySet().stream()
            .min(
                Comparator.comparingInt(
                        (AblationRun run) -> run.epochsTo25().orElse(Integer.MAX_VALUE))
                    .thenComparingDouble(AblationRun::lastError))
            .orElseThrow();
    count(tried.get(best), best);
    for (long seed : plan.allSeeds()) {
      if (seed != FIRST_SEED) {
        count(tried.get(best), run(tried.get(best), seed));
      }
    }
  }

  private void count(Variant variant, AblationRun run) {
    List<AblationRun> ofVariant =
        counting.computeIfAbsent(variant.name(), none -> new ArrayList<>());
    ofVariant.add(run);
    if (ofVariant.size() == 1) {
      double imageSteps = (double) run.epochs() * images.trainingCount();
      costs.add(variant.cost(images.labels().size(), 1000 * run.seconds() / imageSteps));
    }
  }

  private AblationRun run(Variant variant, long seed) {
    Path file =
        kept.resolve(
            "%s-%d-%s.json"
                .formatted(
                    variant.name(),
                    seed,
                    Variant.rateText(variant.recipe().optimizer().learningRate())));
    Optional<AblationRun> before = read(file, setting(variant));
    AblationRun run = before.orElseGet(() -> train(variant, seed, file));
    listener.done(run, before.isPresent());
    runs.add(run);
    return run;
  }

  private Optional<AblationRun> read(Path file, String setting) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      AblationRun run = StoreJson.read(Files.readAllBytes(file), AblationRun.class);
      if (!run.setting().equals(setting)) {
        throw new ModelException(
            "%s is for other images, epochs or another width: delete %s, or choose another --out"
                .formatted(file, kept));
      }
      return Optional.of(run);
    } catch (IOException e) {
      throw new ModelException("cannot read %s: %s; delete it".formatted(file, e), e);
    }
  }

  /** Everything that determines a training except its seed. */
  private String setting(Variant variant) {
    return "%s, %s, pictures %s"
        .formatted(variant.network(), variant.recipe(), images.fingerprint());
  }

  private static Experiment experiment(Variant variant, long seed) {
    List<Views> views =
        variant.name().equals(Variant.PAPER)
            ? Arrays.asList(Views.values())
            : List.of(Views.CENTER_AND_FLIP);
    return new Experiment(variant.network(), variant.recipe(), seed, views);
  }

  private AblationRun train(Variant variant, long seed, Path file) {
    Experiment experiment = experiment(variant, seed);
    listener.begins(variant, seed);
    Experiment.Result result =
        experiment.run(
            images,
            steps,
            resources,
            new Experiment.Progress() {
              @Override
              public void epoch(int epoch, double trainingError) {
                listener.epoch(epoch, experiment.epochs(), trainingError);
              }

              @Override
              public boolean isCancelled() {
                return listener.isCancelled();
              }
            });
    try (Weights weights = result.weights()) {
      AblationRun run = kept(variant, seed, result, weights);
      Files.createDirectories(kept);
      AtomicFiles.replace(file, StoreJson.write(run));
      return run;
    } catch (IOException e) {
      throw new ModelException("cannot write %s: %s".formatted(file, e), e);
    }
  }

  private AblationRun kept(Variant variant, long seed, Experiment.Result result, Weights weights) {
    int imageCount = images.validationCount();
    boolean shown = variant.name().equals(Variant.PAPER) && seed == FIRST_SEED;
    return new AblationRun(
        variant.name(),
        seed,
        variant.recipe().optimizer().learningRate(),
        setting(variant),
        result.trainingErrors(),
        AblationRun.epochsTo25(result.trainingErrors()),
        (double) result.right().get(Views.CENTER_AND_FLIP).cardinality() / imageCount,
        result.right().entrySet().stream()
            .collect(
                Collectors.toMap(
                    entry -> entry.getKey().count(),
                    entry -> AblationRun.text(entry.getValue(), imageCount))),
        result.time().toMillis() / 1e3,
        shown ? KernelPicture.of(weights, images.channelOrder()) : List.of());
  }

  private Found compare(Comparison comparison) {
    List<BitSet> with = right(comparison.with());
    List<BitSet> without = right(comparison.without());
    return new Found(
        comparison,
        share(with),
        share(without),
        Difference.of(with, without, images.validationCount()));
  }

  private List<BitSet> right(Side side) {
    return counting.get(side.variant()).stream().map(run -> run.right(side.views())).toList();
  }

  private double share(List<BitSet> right) {
    return right.stream().mapToInt(BitSet::cardinality).average().orElseThrow()
        / images.validationCount();
  }
}
