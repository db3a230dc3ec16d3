package io.tagstream.model.ablation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.training.ExperimentImages;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.model.training.Pictures;
import io.tagstream.model.training.TrainingProgress;
import io.tagstream.model.training.TrainingResources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AblationTest {
  private static final double WIDTH = 0.03;
  private static final int NEVER = Integer.MAX_VALUE;
  private static final TrainingResources RESOURCES = new TrainingResources(1, 1 << 30);

  /** Fails if an ablation trains although nothing is left to train. */
  private static final TrainingStep.Factory NONE =
      setup -> {
        throw new AssertionError("it was trained before");
      };

  @TempDir private Path folder;
  private ExperimentImages images;
  private final Heard heard = new Heard();

  /** Records the events; cancels the ablation after some trainings. */
  private static final class Heard implements Ablation.Listener {
    final List<String> begun = new ArrayList<>();
    final List<String> done = new ArrayList<>();
    final List<String> before = new ArrayList<>();
    int endAfter = Integer.MAX_VALUE;

    @Override
    public void begins(Variant variant, long seed) {
      begun.add(variant.name() + " " + seed);
    }

    @Override
    public void epoch(int epoch, int of, double trainingError) {
      assertThat(epoch).isBetween(1, of);
      assertThat(trainingError).isBetween(0.0, 1.0);
    }

    @Override
    public void done(AblationRun run, boolean wasBefore) {
      (wasBefore ? before : done)
          .add("%s %d %s".formatted(run.variant(), run.seed(), run.learningRate()));
    }

    @Override
    public boolean isCancelled() {
      return done.size() >= endAfter;
    }
  }

  @BeforeEach
  void draw() {
    Path pictures = folder.resolve("pictures");
    Pictures.twoClasses(pictures, 16);
    images =
        ExperimentImages.of(
            FolderDataset.list(pictures),
            Optional.empty(),
            NetworkDescription.alexNet(1).inputSize(),
            1,
            TrainingProgress.SILENT);
  }

  private AblationFindings run(AblationPlan plan, TrainingStep.Factory steps) {
    return new Ablation(images, plan, steps, RESOURCES, folder.resolve("runs"), heard).run();
  }

  @Test
  void itTrainsEachNetworkOnceASeedAndGoesOnWhereItWasInterrupted() {
    AblationPlan plan = new AblationPlan(true, 2, WIDTH, 1, 1);
    heard.endAfter = 5;
    assertThatThrownBy(() -> run(plan, DirectTrainingStep::new))
        .isInstanceOf(CancellationException.class);
    List<String> first = List.copyOf(heard.done);
    assertThat(first).hasSize(5);

    heard.endAfter = Integer.MAX_VALUE;
    heard.done.clear();
    AblationFindings findings = run(plan, DirectTrainingStep::new);

    assertThat(heard.before).isEqualTo(first);
    assertThat(heard.done).hasSize(plan.runs() - 5).doesNotContainAnyElementsOf(first);
    assertThat(findings.runs())
        .hasSize(plan.runs())
        .allSatisfy(run -> assertThat(run.epochs()).isEqualTo(1));
    assertThat(findings.relu()).hasSize(2);
    assertThat(findings.tanh()).hasSize(2);
    assertThat(findings.differences())
        .hasSameSizeAs(Comparison.ALL)
        .allSatisfy(
            found -> {
              assertThat(found.difference().value())
                  .isCloseTo(found.with() - found.without(), within(1e-9));
              assertThat(found.difference().low()).isLessThanOrEqualTo(found.difference().value());
            });
    assertThat(findings.runs().stream().flatMap(run -> run.kernels().stream())).hasSize(2);

    assertThat(run(plan, NONE)).isEqualTo(findings);
  }

  @Test
  void twoOfTheSameSeedAreTheSame() {
    AblationPlan plan = new AblationPlan(false, 1, WIDTH, 2, 1);
    AblationFindings one = run(plan, DirectTrainingStep::new);
    AblationFindings other =
        new Ablation(
                images, plan, DirectTrainingStep::new, RESOURCES, folder.resolve("others"), heard)
            .run();
    assertThat(other.relu().get(0).trainError()).isEqualTo(one.relu().get(0).trainError());
    assertThat(other.tanh().get(0).right()).isEqualTo(one.tanh().get(0).right());
    assertThat(one.relu().get(0).right()).isNotEmpty();
  }

  @Test
  void figure1HasThePapersPixelsAndTheTableHasNot() {
    Map<Optimizer, List<Double>> deviations = new HashMap<>();
    run(
        new AblationPlan(true, 1, WIDTH, 1, 1),
        setup -> {
          deviations.put(setup.optimizer(), setup.preprocessing().deviation());
          return new DirectTrainingStep(setup);
        });
    assertThat(deviations)
        .hasSize(4)
        .allSatisfy(
            (optimizer, ofPixels) -> {
              if (optimizer instanceof Optimizer.Sgd) {
                assertThat(ofPixels).containsOnly(1 / 255.0);
              } else {
                assertThat(ofPixels).allMatch(each -> each > 0.01);
              }
            });
  }

  @Test
  void trainingsOfAnotherWidthAreNotTakenForThisOnes() {
    run(new AblationPlan(false, 1, WIDTH, 1, 1), DirectTrainingStep::new);
    AblationPlan wider = new AblationPlan(false, 1, 2 * WIDTH, 1, 1);
    assertThatThrownBy(() -> run(wider, NONE))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("another width")
        .hasMessageContaining("--out");
  }

  @Test
  void bothPoolingWindowsLeaveMapsOfTheSameSizes() {
    List<Variant> table = Variant.ofTable(1, 1);
    List<Integer> sizes = List.of(227, 27, 13, 13, 13, 6);
    assertThat(table).allSatisfy(variant -> assertThat(variant.network().sides()).isEqualTo(sizes));
    assertThat(table).extracting(Variant::name).contains("no-overlap");
  }

  @Test
  void theEpochAtTheMarkIsTheFirstThere() {
    assertThat(AblationRun.epochsTo25(List.of(0.5, 0.25, 0.3, 0.1))).contains(2);
    assertThat(AblationRun.epochsTo25(List.of(0.5, 0.26))).isEmpty();
  }

  @Test
  void aTanhThatNeverGetsThereCountsWithAllItsEpochs() {
    assertThat(ratio(List.of(1, 3), List.of(4, 6))).contains(2.5);
    assertThat(ratio(List.of(1, 3), List.of(4, NEVER))).contains(3.5);
    assertThat(ratio(List.of(1, NEVER), List.of(4, 6))).isEmpty();
  }

  private static Optional<Double> ratio(List<Integer> relu, List<Integer> tanh) {
    return new AblationFindings(List.of(), runs(relu), runs(tanh), List.of(), List.of())
        .epochRatio();
  }

  /** Runs of ten epochs each, with the given first epoch at an error of 25 %. */
  private static List<AblationRun> runs(List<Integer> epochsTo25) {
    return epochsTo25.stream()
        .map(
            first -> {
              List<Double> errors =
                  IntStream.rangeClosed(1, 10).mapToObj(at -> at < first ? 0.8 : 0.2).toList();
              return new AblationRun(
                  "any",
                  1,
                  0.1,
                  "",
                  errors,
                  AblationRun.epochsTo25(errors),
                  0.5,
                  Map.of(),
                  1,
                  List.of());
            })
        .toList();
  }
}
