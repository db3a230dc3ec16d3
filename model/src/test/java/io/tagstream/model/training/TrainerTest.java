package io.tagstream.model.training;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.Engines;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  @TempDir private Path folder;
  private Path pictures;
  private ModelStore store;
  private Trainer trainer;

  @BeforeEach
  void draw() {
    pictures = folder.resolve("pictures");
    Pictures.twoClasses(pictures, 16);
    store = new ModelStore(folder.resolve("models"));
    trainer = new Trainer(store, DirectTrainingStep::new, 1);
  }

  private static NetworkDescription narrow() {
    NetworkDescription full = NetworkDescription.alexNet(1, 0.05);
    return new NetworkDescription(67, full.convolutions(), full.dense());
  }

  private static TrainingOptions options(int epochs, long seed, Optional<FreezeTo> freezeTo) {
    return new TrainingOptions(
        epochs,
        4,
        seed,
        new Optimizer.Adam(2e-3),
        narrow(),
        Initialisation.HE,
        Optional.empty(),
        freezeTo);
  }

  private static TrainingOptions from(String parent, TrainingOptions options) {
    return new TrainingOptions(
        options.epochs(),
        options.batchSize(),
        options.seed(),
        options.optimizer(),
        options.network(),
        options.initialisation(),
        Optional.of(parent),
        options.freezeTo());
  }

  private TrainingResult train(TrainingOptions options) {
    return trainer.train(
        FolderDataset.list(pictures), Optional.empty(), options, TrainingProgress.SILENT);
  }

  @Test
  void learnsTwoClassesFromScratch() {
    List<Double> losses = new ArrayList<>();
    List<Integer> steps = new ArrayList<>();
    TrainingResult result =
        trainer.train(
            FolderDataset.list(pictures),
            Optional.empty(),
            options(10, 1, Optional.empty()),
            new TrainingProgress() {
              @Override
              public void step(
                  int epoch,
                  int epochs,
                  int step,
                  int of,
                  double imagesPerSecond,
                  double loss,
                  Duration remaining) {
                steps.add(of);
              }

              @Override
              public void epoch(
                  int epoch, int epochs, double loss, Optional<Evaluation> validation) {
                losses.add(loss);
              }
            });
    int images = result.trainingImages() + result.validation().orElseThrow().images();
    assertThat(images).isEqualTo(32);
    assertThat(result.validation().get().top1()).isGreaterThanOrEqualTo(0.9);
    assertThat(result.validation().get().top5()).isEqualTo(1);
    assertThat(losses).hasSize(10);
    assertThat(losses.get(9)).isLessThan(0.6 * losses.get(0));
    int perEpoch = (result.trainingImages() + 3) / 4;
    assertThat(steps).hasSize(10 * perEpoch).containsOnly(perEpoch);

    assertThat(store.versions()).containsExactly(result.bundle().version());
    assertThat(store.open(result.bundle().version()).labels()).containsExactly("discs", "stripes");
    assertThat(store.metadata(result.bundle().version()).provenance().metrics())
        .containsEntry("top1", result.validation().get().top1());
    assertThat(evaluate(result.bundle()).top1()).isGreaterThanOrEqualTo(0.9);
  }

  @Test
  void theSameSeedGivesTheSameWeights() {
    Weights first = train(options(1, 5, Optional.empty())).bundle().weights();
    Weights second = train(options(1, 5, Optional.empty())).bundle().weights();
    Weights other = train(options(1, 6, Optional.empty())).bundle().weights();
    for (Parameter parameter : first.network().parameters()) {
      String name = parameter.name();
      assertThat(second.get(name)).as(name).isEqualTo(first.get(name));
      assertThat(other.get(name)).as(name).isNotEqualTo(first.get(name));
    }
  }

  @Test
  void conv5FrozenLeavesTheConvolutionsAsTheyAre() {
    TrainingOptions options = options(1, 3, Optional.of(FreezeTo.CONV5));
    Weights trained = train(options).bundle().weights();
    Weights drawn = Initialisation.HE.draw(narrow().withClasses(2), 3);
    for (Parameter parameter : trained.network().parameters()) {
      String name = parameter.name();
      assertThat(trained.get(name).equals(drawn.get(name)))
          .as(name)
          .isEqualTo(name.startsWith("conv"));
    }
  }

  @Test
  void fc7FrozenLeavesAllButTheLastLayerAsItIs() {
    TrainingResult result = train(options(100, 3, Optional.of(FreezeTo.FC7)));
    Weights trained = result.bundle().weights();
    Weights drawn = Initialisation.HE.draw(narrow().withClasses(2), 3);
    for (Parameter parameter : trained.network().parameters()) {
      String name = parameter.name();
      assertThat(trained.get(name).equals(drawn.get(name)))
          .as(name)
          .isEqualTo(!name.startsWith("fc8"));
    }
    assertThat(result.validation().orElseThrow().top1()).isGreaterThanOrEqualTo(0.8);
    assertThat(evaluate(result.bundle()).top1()).isGreaterThanOrEqualTo(0.9);
  }

  /** What was measured in training is what the served bundle answers. */
  @Test
  void theBundleAnswersAsTheTrainingMeasured() {
    Path validation = folder.resolve("validation");
    Pictures.twoClasses(validation, 9);
    for (FreezeTo freezeTo : List.of(FreezeTo.FC7, FreezeTo.CONV5)) {
      TrainingResult result =
          trainer.train(
              FolderDataset.list(pictures),
              Optional.of(FolderDataset.list(validation)),
              options(2, 4, Optional.of(freezeTo)),
              TrainingProgress.SILENT);
      assertThat(result.trainingImages()).isEqualTo(32);
      Evaluation measured = result.validation().orElseThrow();
      assertThat(measured.images()).isEqualTo(18);
      pictures = validation;
      assertThat(evaluate(result.bundle())).isEqualTo(measured);
      pictures = folder.resolve("pictures");
    }
  }

  @Test
  void aParentsWeightsAreTheStartAndItsPreprocessingStays() {
    TrainingResult parent = train(options(10, 1, Optional.empty()));
    List<Double> losses = new ArrayList<>();
    TrainingResult child =
        trainer.train(
            FolderDataset.list(pictures),
            Optional.empty(),
            from(parent.bundle().version(), options(1, 2, Optional.empty())),
            new TrainingProgress() {
              @Override
              public void epoch(
                  int epoch, int epochs, double loss, Optional<Evaluation> validation) {
                losses.add(loss);
              }
            });
    assertThat(losses.get(0)).isLessThan(0.5);
    assertThat(child.bundle().preprocessing()).isEqualTo(parent.bundle().preprocessing());
    assertThat(store.metadata(child.bundle().version()).parent())
        .contains(parent.bundle().version());
    assertThat(store.live()).isEqualTo(parent.bundle().version());
  }

  @Test
  void otherClassesThanTheParentsGetANewLastLayer() {
    ModelBundle parent = train(options(1, 1, Optional.of(FreezeTo.CONV5))).bundle();
    Pictures.greens(pictures, 10);
    for (Optional<FreezeTo> freezeTo :
        List.of(Optional.of(FreezeTo.FC7), Optional.of(FreezeTo.CONV5))) {
      ModelBundle child =
          train(from(parent.version(), options(20, 2, freezeTo).withEpochs(3))).bundle();
      assertThat(child.labels()).containsExactly("discs", "greens", "stripes");
      assertThat(child.network()).isEqualTo(narrow().withClasses(3));
      for (Parameter parameter : parent.network().parameters()) {
        String name = parameter.name();
        if (name.startsWith("conv")) {
          assertThat(child.weights().get(name)).as(name).isEqualTo(parent.weights().get(name));
        }
      }
    }
  }

  @Test
  void unreadableFilesAreNamedAndLeftOut() {
    Pictures.writeText(pictures.resolve("discs/broken.jpg"));
    Pictures.writeText(pictures.resolve("stripes/notes.txt"));
    List<String> skipped = new ArrayList<>();
    TrainingResult result =
        trainer.train(
            FolderDataset.list(pictures),
            Optional.empty(),
            options(2, 1, Optional.of(FreezeTo.FC7)),
            new TrainingProgress() {
              @Override
              public void skipped(String place, String reason) {
                skipped.add(Path.of(place).getFileName().toString());
              }
            });
    assertThat(skipped).containsExactly("broken.jpg", "notes.txt");
    assertThat(result.skipped()).isEqualTo(2);
    assertThat(result.trainingImages() + result.validation().orElseThrow().images()).isEqualTo(32);
  }

  @Test
  void imagesThatMakeNoTrainingAreRefused() throws Exception {
    Pictures.writeText(pictures.resolve("notes/readme.txt"));
    assertThatThrownBy(() -> train(options(1, 1, Optional.empty())))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "%s: notes has 0 images that can be read and needs 1; remove the class or add images"
                .formatted(pictures));
    pictures = folder.resolve("one");
    Pictures.greens(pictures, 3);
    assertThatThrownBy(() -> train(options(1, 1, Optional.empty())))
        .isInstanceOf(ModelException.class)
        .hasMessage(pictures + " has one class, greens: a training needs two or more");
    assertThat(store.versions()).isEmpty();

    Path file = Files.createFile(folder.resolve("file"));
    Trainer blocked = new Trainer(new ModelStore(file), DirectTrainingStep::new);
    assertThatThrownBy(
            () ->
                blocked.train(
                    FolderDataset.list(pictures),
                    Optional.empty(),
                    options(1, 1, Optional.empty()),
                    TrainingProgress.SILENT))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("cannot make the folder " + file);
  }

  @Test
  void aLossThatIsNoNumberEndsTheTraining() {
    List<Double> rates = new ArrayList<>();
    Trainer diverging =
        new Trainer(
            store,
            setup -> new FakeStep(setup.start(), setup.preprocessing(), setup.trainable(), rates));
    assertThatThrownBy(
            () ->
                diverging.train(
                    FolderDataset.list(pictures),
                    Optional.empty(),
                    options(2, 1, Optional.empty()),
                    TrainingProgress.SILENT))
        .isInstanceOf(ModelException.class)
        .hasMessage("the loss is NaN in epoch 1, step 3: try a lower learning rate than 0.002");
    assertThat(rates).hasSize(3).allSatisfy(rate -> assertThat(rate).isBetween(0.0, 2e-3));
    assertThat(store.versions()).isEmpty();
  }

  /** Counts down to a loss that is no number. */
  private record FakeStep(
      Weights weights, Preprocessing preprocessing, Set<String> trainable, List<Double> rates)
      implements TrainingStep {
    FakeStep {
      assertThat(trainable).hasSize(16);
      assertThat(preprocessing.crop()).isEqualTo(67);
      assertThat(preprocessing.resize()).isEqualTo(76);
    }

    @Override
    public double step(CropBatch crops, int[] classes, double learningRate) {
      assertThat(crops.size()).isEqualTo(4).isEqualTo(classes.length);
      rates.add(learningRate);
      return rates.size() < 3 ? 1 : Double.NaN;
    }

    @Override
    public Weights averaged() {
      return weights;
    }

    @Override
    public void save(OutputStream to) {}

    @Override
    public void restore(InputStream from) {}

    @Override
    public void close() {}
  }

  @Test
  void aKilledTrainingLeavesNoVersion() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                TrainingForEver.class.getName(),
                pictures.toString(),
                store.root().toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      assertThat(out.readLine()).isEqualTo("step 1");
      assertThat(out.readLine()).isEqualTo("step 2");
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isNotZero();
    assertThat(store.versions()).isEmpty();
    assertThatThrownBy(store::live).isInstanceOf(ModelException.class);
  }

  /** A training of many epochs, in a process of its own. */
  static final class TrainingForEver {
    private TrainingForEver() {}

    public static void main(String[] arguments) {
      new Trainer(new ModelStore(Path.of(arguments[1])), DirectTrainingStep::new, 1)
          .train(
              FolderDataset.list(Path.of(arguments[0])),
              Optional.empty(),
              options(100_000, 1, Optional.empty()),
              new TrainingProgress() {
                @Override
                public void step(
                    int epoch,
                    int epochs,
                    int step,
                    int steps,
                    double imagesPerSecond,
                    double loss,
                    Duration remaining) {
                  System.out.println("step " + step);
                }
              });
    }
  }

  /** All the pictures, by the engine that serves. */
  private Evaluation evaluate(ModelBundle bundle) {
    try (LoadedModel model =
            Engines.load(bundle, new EngineOptions(EngineKind.DEEPLEARNING4J, Device.CPU, 1));
        Engine engine = model.newEngine(16)) {
      return new Evaluator(bundle.preprocessing(), Views.CENTER_AND_FLIP, 16, 1)
          .evaluate(
              engine::probabilities,
              FolderDataset.list(pictures),
              bundle.labels(),
              TrainingProgress.SILENT);
    }
  }
}
