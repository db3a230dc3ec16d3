package io.tagstream.model.training;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.RunFolder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingResumptionTest {
  private static final int STEPS_PER_EPOCH = 4;

  @TempDir private Path folder;
  private Path pictures;
  private Path validation;
  private ModelStore store;

  @BeforeEach
  void draw() {
    pictures = folder.resolve("pictures");
    validation = folder.resolve("validation");
    Pictures.twoClasses(pictures, 2 * STEPS_PER_EPOCH);
    Pictures.twoClasses(validation, 2);
    store = new ModelStore(folder.resolve("models"));
  }

  /** Batches of 4 of 16 images, for five epochs, averaged. */
  private static TrainingOptions options(long seed) {
    NetworkDescription narrow = NetworkDescription.alexNet(1, 0.02);
    return TrainingOptions.defaults(seed)
        .withNetwork(new NetworkDescription(67, narrow.convolutions(), narrow.dense()))
        .withRecipe(
            new Recipe(
                "quick",
                Recipe.Start.AFRESH,
                InputScaling.STANDARDISED,
                Initialisation.HE,
                new Optimizer.Adam(2e-3),
                new Schedule.WarmUpThenCosine(0.05),
                4,
                0.1,
                Optional.of(0.998),
                Augmentation.STRONG,
                new Recipe.Length.Epochs(5)));
  }

  private TrainingResult train(
      TrainingStep.Factory steps, Duration pause, long seed, TrainingProgress progress) {
    return train(store, steps, pause, task(Optional.empty(), seed), progress);
  }

  private TrainingTask task(Optional<String> version, long seed) {
    return new TrainingTask(
        version,
        FolderDataset.list(pictures),
        false,
        Optional.of(FolderDataset.list(validation)),
        Optional.empty(),
        false,
        options(seed));
  }

  private static TrainingResult train(
      ModelStore store,
      TrainingStep.Factory steps,
      Duration pause,
      TrainingTask task,
      TrainingProgress progress) {
    return new Trainer(store, steps, new TrainingResources(1, 1 << 30), Judge.NONE, pause)
        .train(task, progress);
  }

  /** The result of an uninterrupted run. */
  private TrainingResult whole(long seed) {
    return train(
        new ModelStore(folder.resolve("other")),
        ArithmeticStep::new,
        Duration.ofDays(1),
        task(Optional.empty(), seed),
        TrainingProgress.SILENT);
  }

  /** Kills the run at a step, and records where it began. */
  private static final class Killed implements TrainingProgress {
    private final long atStep;
    private final List<String> begun = new ArrayList<>();
    private long steps;

    Killed(long atStep) {
      this.atStep = atStep;
    }

    @Override
    public void run(String version, String recipe, int epoch, long stepsDone) {
      begun.add("%s, epoch %d, step %d".formatted(version, epoch, stepsDone));
      steps = stepsDone;
    }

    @Override
    public void step(Step done) {
      if (++steps == atStep) {
        throw new IllegalStateException("killed");
      }
    }
  }

  private static void assertSame(TrainingResult result, TrainingResult expected) {
    Weights weights = result.bundle().weights();
    for (Parameter parameter : expected.bundle().network().parameters()) {
      assertThat(weights.get(parameter.name()))
          .as(parameter.name())
          .isEqualTo(expected.bundle().weights().get(parameter.name()));
    }
    assertThat(result.history())
        .usingRecursiveComparison()
        .ignoringFields("epochs.imagesPerSecond", "epochs.waiting")
        .isEqualTo(expected.history());
    assertThat(result.validation()).isEqualTo(expected.validation());
  }

  @Test
  void aRunGoesOnFromItsCheckpointAndEndsWithTheSameWeights() throws IOException {
    TrainingResult expected = whole(1);
    // In the middle of the third epoch, with checkpoints at each step.
    Killed first = new Killed(2 * STEPS_PER_EPOCH + 2);
    assertThatThrownBy(() -> train(ArithmeticStep::new, Duration.ZERO, 1, first))
        .hasMessage("killed");
    assertThat(store.versions()).isEmpty();
    List<String> versions = RunFolder.versions(store);
    assertThat(versions).hasSize(1);
    // The remains of a process that was killed while it wrote the bundle.
    Path unfinished = store.root().resolve(versions.get(0));
    Files.writeString(Files.createDirectory(unfinished).resolve("model.onnx"), "half");

    Killed second = new Killed(Long.MAX_VALUE);
    TrainingResult result = train(ArithmeticStep::new, Duration.ZERO, 1, second);
    assertThat(second.begun).containsExactly(versions.get(0) + ", epoch 3, step 10");
    assertThat(result.bundle().version()).isEqualTo(versions.get(0));
    assertSame(result, expected);
    assertThat(store.root().resolve("runs")).isEmptyDirectory();
  }

  @Test
  void theStepThatReallyTrainsGoesOnBitForBit() {
    TrainingResult expected =
        train(
            new ModelStore(folder.resolve("other")),
            DirectTrainingStep::new,
            Duration.ofDays(1),
            task(Optional.empty(), 1),
            TrainingProgress.SILENT);
    assertThatThrownBy(() -> train(DirectTrainingStep::new, Duration.ZERO, 1, new Killed(7)))
        .hasMessage("killed");
    Killed second = new Killed(Long.MAX_VALUE);
    assertSame(train(DirectTrainingStep::new, Duration.ZERO, 1, second), expected);
    assertThat(second.begun).singleElement().asString().endsWith(", epoch 2, step 7");
  }

  @Test
  void theFirstEpochsEndIsACheckpointAndOthersWaitForThePause() {
    TrainingResult expected = whole(1);
    assertThatThrownBy(
            () ->
                train(
                    ArithmeticStep::new,
                    Duration.ofDays(1),
                    1,
                    new Killed(2 * STEPS_PER_EPOCH + 1)))
        .hasMessage("killed");
    Killed second = new Killed(Long.MAX_VALUE);
    TrainingResult result = train(ArithmeticStep::new, Duration.ofDays(1), 1, second);
    assertThat(second.begun).singleElement().asString().endsWith(", epoch 2, step 4");
    assertSame(result, expected);
  }

  @Test
  void aRunOfOtherImagesOrOptionsIsLeftAlone() {
    assertThatThrownBy(() -> train(ArithmeticStep::new, Duration.ZERO, 1, new Killed(6)))
        .hasMessage("killed");
    List<String> first = RunFolder.versions(store);
    Killed otherSeed = new Killed(Long.MAX_VALUE);
    train(ArithmeticStep::new, Duration.ZERO, 2, otherSeed);
    assertThat(otherSeed.begun).singleElement().asString().endsWith(", epoch 1, step 0");
    assertThat(RunFolder.versions(store)).isEqualTo(first);

    Pictures.greens(pictures, 5);
    Killed otherImages = new Killed(Long.MAX_VALUE);
    train(ArithmeticStep::new, Duration.ZERO, 1, otherImages);
    assertThat(otherImages.begun).singleElement().asString().endsWith(", epoch 1, step 0");
    assertThat(RunFolder.versions(store)).isEqualTo(first);
  }

  @Test
  void aNamedRunGoesOnUnderItsNameAndHasItToItself() {
    String name = store.newVersion();
    TrainingTask task = task(Optional.of(name), 1);
    assertThatThrownBy(() -> train(store, ArithmeticStep::new, Duration.ZERO, task, new Killed(6)))
        .hasMessage("killed");
    try (RunFolder another = RunFolder.open(store, name).orElseThrow()) {
      assertThatThrownBy(
              () -> train(store, ArithmeticStep::new, Duration.ZERO, task, TrainingProgress.SILENT))
          .isInstanceOf(ModelException.class)
          .hasMessage("version %s is being trained by another process".formatted(name));
      // Without the version's name another run begins.
      Killed unnamed = new Killed(1);
      assertThatThrownBy(() -> train(ArithmeticStep::new, Duration.ZERO, 1, unnamed))
          .hasMessage("killed");
      assertThat(unnamed.begun).singleElement().asString().doesNotContain(another.version());
    }
    Killed again = new Killed(Long.MAX_VALUE);
    TrainingResult result = train(store, ArithmeticStep::new, Duration.ZERO, task, again);
    assertThat(again.begun).containsExactly(name + ", epoch 2, step 6");
    assertThat(result.bundle().version()).isEqualTo(name);
  }

  @Test
  void aCancelledTrainingLeavesACheckpointOfAllThatWasDone() {
    long[] steps = {0};
    TrainingProgress cancelling =
        new TrainingProgress() {
          @Override
          public boolean isCancelled() {
            return steps[0] == 7;
          }

          @Override
          public void step(Step done) {
            steps[0]++;
          }
        };
    assertThatThrownBy(() -> train(ArithmeticStep::new, Duration.ofDays(1), 1, cancelling))
        .isInstanceOf(CancellationException.class)
        .hasMessageContaining("cancelled after 7 steps");
    Killed second = new Killed(Long.MAX_VALUE);
    assertSame(train(ArithmeticStep::new, Duration.ofDays(1), 1, second), whole(1));
    assertThat(second.begun).singleElement().asString().endsWith(", epoch 2, step 7");
  }

  @Test
  void aFullDiskEndsTheTrainingAndKeepsTheCheckpointBefore() throws IOException {
    int[] saves = {0};
    TrainingStep.Factory filling =
        setup -> {
          ArithmeticStep step = new ArithmeticStep(setup);
          return new Delegate(step) {
            @Override
            public void save(OutputStream to) throws IOException {
              to.write(new byte[1000]);
              if (++saves[0] == 3) {
                throw new IOException("No space left on device");
              }
            }
          };
        };
    assertThatThrownBy(() -> train(filling, Duration.ZERO, 1, TrainingProgress.SILENT))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("cannot write the checkpoint")
        .hasMessageContaining("No space left on device");
    Path run = store.root().resolve("runs").resolve(RunFolder.versions(store).get(0));
    try (Stream<Path> files = Files.list(run)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("run.json", "checkpoint", "lock");
    }
    assertThat(store.versions()).isEmpty();
  }

  /** A step whose subclasses change one of its methods. */
  private abstract static class Delegate implements TrainingStep {
    private final TrainingStep step;

    Delegate(TrainingStep step) {
      this.step = step;
    }

    @Override
    public double step(CropBatch crops, int[] classes, double learningRate) {
      return step.step(crops, classes, learningRate);
    }

    @Override
    public Weights weights() {
      return step.weights();
    }

    @Override
    public Weights averaged() {
      return step.averaged();
    }

    @Override
    public void restore(InputStream from) throws IOException {
      step.restore(from);
    }

    @Override
    public void close() {
      step.close();
    }
  }

  @Test
  void aKilledProcessIsGoneOnFrom() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Slow.class.getName(),
                pictures.toString(),
                validation.toString(),
                store.root().toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      for (int step = 1; step <= 6; step++) {
        assertThat(out.readLine()).isEqualTo("step " + step);
      }
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isNotZero();
    assertThat(store.versions()).isEmpty();
    Killed second = new Killed(Long.MAX_VALUE);
    TrainingResult result = train(ArithmeticStep::new, Duration.ZERO, 1, second);
    assertThat(second.begun).singleElement().asString().endsWith(", epoch 2, step 6");
    assertSame(result, whole(1));
  }

  /** A training in a separate process, which waits to be killed after six steps. */
  static final class Slow {
    private Slow() {}

    public static void main(String[] arguments) {
      train(
          new ModelStore(Path.of(arguments[2])),
          ArithmeticStep::new,
          Duration.ZERO,
          new TrainingTask(
              Optional.empty(),
              FolderDataset.list(Path.of(arguments[0])),
              false,
              Optional.of(FolderDataset.list(Path.of(arguments[1]))),
              Optional.empty(),
              false,
              options(1)),
          new TrainingProgress() {
            private int steps;

            @Override
            public void step(Step done) {
              System.out.println("step " + ++steps);
              while (steps == 6) {
                Thread.onSpinWait();
              }
            }
          });
    }
  }
}
