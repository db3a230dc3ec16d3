package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import io.tagstream.model.store.RunFolder;
import io.tagstream.model.store.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  private static final TrainingResources RESOURCES = new TrainingResources(1, 1 << 30);

  @TempDir private Path folder;
  private Path pictures;
  private ModelStore store;
  private Trainer trainer;

  @BeforeEach
  void draw() {
    pictures = folder.resolve("pictures");
    Pictures.twoClasses(pictures, 16);
    store = new ModelStore(folder.resolve("models"));
    trainer = new Trainer(store, DirectTrainingStep::new, RESOURCES);
  }

  private static NetworkDescription narrow() {
    NetworkDescription full = NetworkDescription.alexNet(1, 0.05);
    return new NetworkDescription(67, full.convolutions(), full.dense());
  }

  private static Recipe recipe(Recipe.Start start) {
    return new Recipe(
        "quick",
        start,
        InputScaling.STANDARDISED,
        Initialisation.HE,
        new Optimizer.Adam(2e-3),
        new Schedule.WarmUpThenCosine(0.05),
        4,
        0,
        Optional.empty(),
        new Augmentation.PaperCrops(0),
        new Recipe.Length.Epochs(1));
  }

  private static TrainingOptions options(int epochs, long seed, Optional<FreezeTo> freezeTo) {
    TrainingOptions options =
        TrainingOptions.defaults(seed)
            .withNetwork(narrow())
            .withRecipe(recipe(Recipe.Start.AFRESH))
            .withEpochs(epochs);
    return freezeTo.map(options::withFreezeTo).orElse(options);
  }

  private static TrainingOptions from(String parent, TrainingOptions options) {
    return options.withRecipe(recipe(Recipe.Start.PARENT)).withParent(parent);
  }

  private TrainingResult train(TrainingOptions options) {
    return train(options, TrainingProgress.SILENT);
  }

  private TrainingResult train(TrainingOptions options, TrainingProgress progress) {
    return trainer.train(task(Optional.empty(), options), progress);
  }

  private TrainingTask task(Optional<Path> validation, TrainingOptions options) {
    return TrainingTask.of(
        FolderDataset.list(pictures), validation.map(FolderDataset::list), options);
  }

  @Test
  void whatLaterTrainingsHoldOutDoesNotTrainBesideValidationImages() {
    Path validation = folder.resolve("validation");
    Pictures.twoClasses(validation, 9);
    TrainingOptions options = options(1, 1, Optional.of(FreezeTo.FC7));
    TrainingResult split = train(options);
    TrainingTask task = task(Optional.of(validation), options);
    TrainingResult all = trainer.train(task, TrainingProgress.SILENT);
    TrainingResult stored = trainer.train(task.splitting(), TrainingProgress.SILENT);
    assertThat(all.trainingImages())
        .isEqualTo(split.trainingImages() + split.validation().orElseThrow().images());
    assertThat(stored.trainingImages()).isEqualTo(split.trainingImages());
    assertThat(stored.validation().orElseThrow().images())
        .isEqualTo(all.validation().orElseThrow().images());
  }

  @Test
  void thePapersRecipeHasThePapersPixelsAndSoHasWhatGoesOnFromIt() {
    TrainingResult paper = train(options(1, 1, Optional.empty()).withRecipe(Recipe.PAPER));
    assertThat(paper.bundle().preprocessing().deviation()).containsOnly(1 / 255.0);
    assertThat(pixels(paper)).isEqualTo("centred");

    TrainingResult child = train(from(paper.bundle().version(), options(1, 1, Optional.empty())));
    assertThat(child.bundle().preprocessing()).isEqualTo(paper.bundle().preprocessing());
    assertThat(pixels(child)).isNull();

    TrainingResult other = train(options(1, 1, Optional.empty()));
    assertThat(other.bundle().preprocessing().deviation()).allMatch(each -> each > 0.01);
    assertThat(pixels(other)).isEqualTo("standardised");
  }

  private String pixels(TrainingResult result) {
    return store.metadata(result.bundle().version()).provenance().hyperParameters().get("pixels");
  }

  @Test
  void aParentIsKeptWhileItsChildTrains() {
    Optional<FreezeTo> lastLayer = Optional.of(FreezeTo.FC7);
    String parent = train(options(1, 1, lastLayer)).bundle().version();
    for (int seed = 2; seed <= 3; seed++) {
      store.promote(train(options(1, seed, lastLayer)).bundle().version(), "ann");
    }
    List<String> deleted = new ArrayList<>();
    train(
        from(parent, options(1, 2, lastLayer)),
        new TrainingProgress() {
          @Override
          public void run(String version, String recipe, int epoch, long stepsDone) {
            deleted.addAll(store.prune(2));
          }
        });
    assertThat(deleted).hasSize(1).doesNotContain(parent);
    assertThat(store.prune(2)).containsExactly(parent);
  }

  @Test
  void learnsTwoClassesFromScratch() {
    List<Double> losses = new ArrayList<>();
    List<TrainingProgress.Step> steps = new ArrayList<>();
    TrainingResult result =
        train(
            options(10, 1, Optional.empty()),
            new TrainingProgress() {
              @Override
              public void step(Step done) {
                steps.add(done);
              }

              @Override
              public void epoch(Epoch done) {
                losses.add(done.entry().loss());
              }
            });
    int images = result.trainingImages() + result.validation().orElseThrow().images();
    assertThat(images).isEqualTo(32);
    assertThat(result.validation().get().top1()).isGreaterThanOrEqualTo(0.9);
    assertThat(result.validation().get().top5()).isEqualTo(1);
    assertThat(losses).hasSize(10);
    assertThat(losses.get(9)).isLessThan(0.6 * losses.get(0));
    int stepCount = (10 * result.trainingImages() + 3) / 4;
    assertThat(steps).hasSize(stepCount);
    assertThat(steps.get(stepCount - 1).imageSteps()).isEqualTo(4L * stepCount);
    assertThat(steps).allSatisfy(step -> assertThat(step.ofImageSteps()).isEqualTo(4L * stepCount));
    assertThat(steps.get(stepCount - 2).epoch()).isEqualTo(10);
    assertThat(result.history().epochs()).extracting(TrainingHistory.Epoch::loss).isEqualTo(losses);

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

  /** The served bundle's accuracy equals the one measured in training. */
  @Test
  void theBundleAnswersAsTheTrainingMeasured() {
    Path validation = folder.resolve("validation");
    Pictures.twoClasses(validation, 9);
    for (FreezeTo freezeTo : List.of(FreezeTo.FC7, FreezeTo.CONV5)) {
      TrainingResult result =
          trainer.train(
              task(Optional.of(validation), options(2, 4, Optional.of(freezeTo))),
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
        train(
            from(parent.bundle().version(), options(1, 2, Optional.empty())),
            new TrainingProgress() {
              @Override
              public void epoch(Epoch done) {
                losses.add(done.entry().loss());
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
      assertThat(child.labels()).containsExactly("discs", "stripes", "greens");
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
  void theParentsFileIsNotMappedAfterwards() throws IOException {
    Path maps = Path.of("/proc/self/maps");
    assumeTrue(Files.exists(maps), "what is mapped is read from " + maps);
    ModelBundle parent = train(usual(Optional.empty(), Optional.empty())).bundle();
    for (Optional<FreezeTo> freezeTo :
        List.of(Optional.<FreezeTo>empty(), Optional.of(FreezeTo.FC7))) {
      train(usual(Optional.of(parent.version()), freezeTo));
      assertThat(Files.readString(maps)).doesNotContain(parent.onnx().toString());
    }
  }

  /** Options without a recipe, for one epoch. */
  private static TrainingOptions usual(Optional<String> parent, Optional<FreezeTo> freezeTo) {
    TrainingOptions options = TrainingOptions.defaults(1).withNetwork(narrow()).withEpochs(1);
    TrainingOptions from = parent.map(options::withParent).orElse(options);
    return freezeTo.map(from::withFreezeTo).orElse(from);
  }

  private Provenance provenance(TrainingResult result) {
    return store.metadata(result.bundle().version()).provenance();
  }

  @Test
  void theUsualRecipeDependsOnWhatTheParentHasLearned() {
    TrainingResult quick = train(usual(Optional.empty(), Optional.of(FreezeTo.FC7)));
    assertThat(provenance(quick).endToEnd()).contains(false);

    // Untrained layers are not reused: training starts from random weights of the parent's network.
    TrainingResult afresh = train(usual(Optional.of(quick.bundle().version()), Optional.empty()));
    assertThat(provenance(afresh).recipe()).contains("small-data");
    assertThat(provenance(afresh).endToEnd()).contains(true);
    assertThat(provenance(afresh).classes()).contains("the parent's");
    assertThat(afresh.bundle().network()).isEqualTo(quick.bundle().network());

    TrainingResult tuned = train(usual(Optional.of(afresh.bundle().version()), Optional.empty()));
    assertThat(provenance(tuned).recipe()).contains("fine-tune");

    // Frozen layers equal the parent's, whose convolutions are trained.
    TrainingResult kept =
        train(usual(Optional.of(afresh.bundle().version()), Optional.of(FreezeTo.CONV5)));
    assertThat(provenance(kept).recipe()).contains("fine-tune");
    assertThat(provenance(kept).endToEnd()).contains(true);
    assertThat(kept.bundle().weights().get("conv1.weight"))
        .isEqualTo(afresh.bundle().weights().get("conv1.weight"));

    assertThatThrownBy(
            () -> train(usual(Optional.empty(), Optional.empty()).withRecipe(Recipe.FINE_TUNE)))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "recipe fine-tune starts from a version's weights: name the version with --parent");
  }

  @Test
  void aParentOfOtherPicturesGivesItsLayersAndNotItsClasses() {
    TrainingResult parent = train(options(1, 1, Optional.empty()));
    pictures = folder.resolve("others");
    Pictures.greens(pictures, 6);
    Pictures.twoClasses(pictures, 6);
    Path gone = pictures.resolve("discs");
    assertThat(gone.toFile().renameTo(pictures.resolve("plates").toFile())).isTrue();
    List<String> lost = new ArrayList<>();
    TrainingResult child =
        train(
            from(parent.bundle().version(), options(1, 2, Optional.of(FreezeTo.CONV5))),
            new TrainingProgress() {
              @Override
              public void loses(List<String> labels) {
                lost.addAll(labels);
              }
            });
    assertThat(child.bundle().labels()).containsExactly("greens", "plates", "stripes");
    assertThat(provenance(child).classes()).contains("replaced");
    assertThat(lost).containsExactly("discs");
    assertThat(child.bundle().weights().get("conv5.weight"))
        .isEqualTo(parent.bundle().weights().get("conv5.weight"));
  }

  /** Including the parent's rows of the last layer. */
  @Test
  void aParentsClassStaysWhenItsPicturesAreGone() {
    Pictures.greens(pictures, 16);
    ModelBundle parent = train(options(1, 1, Optional.empty())).bundle();
    assertThat(pictures.resolve("discs").toFile().renameTo(folder.resolve("gone").toFile()))
        .isTrue();
    TrainingResult child =
        trainer.train(
            task(
                Optional.empty(),
                from(parent.version(), options(1, 2, Optional.of(FreezeTo.CONV5)))),
            TrainingProgress.SILENT);
    assertThat(child.bundle().labels()).containsExactly("discs", "greens", "stripes");
    assertThat(provenance(child).classes()).contains("the parent's");
    FloatBuffer before = parent.weights().get("fc8.weight");
    FloatBuffer after = child.bundle().weights().get("fc8.weight");
    for (int i = 0; i < before.remaining(); i++) {
      // A few small steps away from the parent; random weights would not be close.
      assertThat(after.get(i)).isEqualTo(before.get(i), within(0.05f));
    }
  }

  @Test
  void theGateMeasuresTheWeightsBeforeTheyAreAVersion() {
    Trainer gated = new Trainer(store, DirectTrainingStep::new, RESOURCES, new LiveGate(store, 25));
    Path validation = folder.resolve("validation");
    Pictures.twoClasses(validation, 15);
    TrainingResult first =
        gated.train(
            task(Optional.of(validation), options(10, 1, Optional.empty())),
            TrainingProgress.SILENT);
    Verdict alone = first.verdict().orElseThrow();
    assertThat(alone.incumbent()).isEmpty();
    assertThat(alone.heldOut()).isEqualTo(30);
    assertThat(alone.candidate().top1()).isEqualTo(first.validation().orElseThrow().top1());

    // Swap the labels.
    assertThat(pictures.resolve("discs").toFile().renameTo(folder.resolve("d").toFile())).isTrue();
    assertThat(pictures.resolve("stripes").toFile().renameTo(pictures.resolve("discs").toFile()))
        .isTrue();
    assertThat(folder.resolve("d").toFile().renameTo(pictures.resolve("stripes").toFile()))
        .isTrue();
    TrainingResult second =
        gated.train(
            task(Optional.of(validation), options(10, 1, Optional.empty())),
            TrainingProgress.SILENT);
    Verdict poisoned = store.metadata(second.bundle().version()).verdict().orElseThrow();
    assertThat(poisoned).isEqualTo(second.verdict().orElseThrow());
    assertThat(poisoned.outcome()).isEqualTo(Verdict.Outcome.REJECTED);
    assertThat(poisoned.incumbent().orElseThrow().version()).isEqualTo(first.bundle().version());
    assertThat(poisoned.b()).isGreaterThan(poisoned.c());
    assertThat(second.bundle().folder().resolve("report.html"))
        .content()
        .contains(second.bundle().version(), poisoned.reason());
  }

  @Test
  void copiesOfWhatWasLearnedAreNoProof() {
    pictures = folder.resolve("copies");
    Pictures.copies(pictures, "ants", 12, 1);
    Pictures.copies(pictures, "bees", 12, 2);
    Trainer gated = new Trainer(store, DirectTrainingStep::new, RESOURCES, new LiveGate(store, 25));
    TrainingTask task = task(Optional.empty(), options(1, 1, Optional.of(FreezeTo.FC7)));
    ModelBundle first = gated.train(task, TrainingProgress.SILENT).bundle();
    TrainingResult second = gated.train(task, TrainingProgress.SILENT);
    Verdict verdict = store.metadata(second.bundle().version()).verdict().orElseThrow();
    assertThat(verdict.outcome()).isEqualTo(Verdict.Outcome.NO_GAIN);
    assertThat(verdict.incumbent().orElseThrow().version()).isEqualTo(first.version());
    assertThat(verdict.heldOut()).isZero();
    assertThat(verdict.leftOutAsDuplicates()).isPositive().isEqualTo(24 - second.trainingImages());
    assertThat(second.bundle().folder().resolve("report.html"))
        .content()
        .contains("too few to judge")
        .doesNotContain("NaN");
  }

  /** Cancels at the n-th check during a given activity. */
  private static final class Cancelled implements TrainingProgress {
    private final String during;
    private String now = "reading";
    private int asked;

    Cancelled(String during) {
      this.during = during;
    }

    @Override
    public boolean isCancelled() {
      return now.equals(during) && ++asked > 3;
    }

    @Override
    public void run(String version, String recipe, int epoch, long stepsDone) {
      now = "steps";
    }

    @Override
    public void epoch(Epoch done) {
      now = "after the last epoch";
    }
  }

  @Test
  void aTrainingEndsWhileItsImagesAreRead() {
    Cancelled progress = new Cancelled("reading");
    assertThatThrownBy(() -> train(options(1, 1, Optional.empty()), progress))
        .isInstanceOf(CancellationException.class)
        .hasMessage("the training was cancelled while images were read");
    assertThat(progress.asked).isEqualTo(4);
  }

  /** Cancellation is checked at the 8 steps of the epoch, then at the measured images. */
  @Test
  void aTrainingEndsWhileHeldOutImagesAreMeasured() {
    Path validation = folder.resolve("validation");
    Pictures.twoClasses(validation, 10);
    AtomicInteger asked = new AtomicInteger();
    TrainingTask task = task(Optional.of(validation), options(1, 1, Optional.empty()));
    assertThatThrownBy(
            () ->
                trainer.train(
                    task,
                    new TrainingProgress() {
                      private boolean steps;

                      @Override
                      public boolean isCancelled() {
                        return steps && asked.incrementAndGet() > 8 + 3;
                      }

                      @Override
                      public void run(String version, String recipe, int epoch, long stepsDone) {
                        steps = true;
                      }
                    }))
        .isInstanceOf(CancellationException.class)
        .hasMessage("the training was cancelled while images were measured");
    assertThat(asked).hasValue(12);
    assertThat(store.versions()).isEmpty();
  }

  /** The incumbent's predictions, and those for the report's training images. */
  @Test
  void aTrainingEndsWhileItIsJudgedAndReported() {
    Path validation = folder.resolve("validation");
    Pictures.twoClasses(validation, 10);
    TrainingTask task = task(Optional.of(validation), options(1, 1, Optional.empty()));
    assertThatThrownBy(() -> trainer.train(task, new Cancelled("after the last epoch")))
        .isInstanceOf(CancellationException.class);
    assertThat(store.versions()).isEmpty();

    trainer.train(task, TrainingProgress.SILENT);
    Judge judge = new LiveGate(store, 25);
    Trainer gated =
        new Trainer(
            store,
            DirectTrainingStep::new,
            RESOURCES,
            candidate -> {
              assertThatThrownBy(() -> judge.judge(candidate))
                  .isInstanceOf(CancellationException.class)
                  .hasMessage("the training was cancelled while images were measured");
              throw new CancellationException("seen");
            });
    assertThatThrownBy(() -> gated.train(task, new Cancelled("after the last epoch")))
        .hasMessage("seen");
    assertThat(store.versions()).hasSize(1);
  }

  @Test
  void ofVeryManyHeldOutImagesSomeAreMeasured() {
    Dataset few = FolderDataset.list(pictures);
    List<LabelledImage> many = new ArrayList<>();
    for (int i = 0; i < 2001; i++) {
      LabelledImage image = few.images().get(i % few.images().size());
      many.add(
          new LabelledImage("copy " + i, Optional.empty(), image.classIndex(), image.content()));
    }
    Preparation preparation =
        Preparation.of(
            store,
            TrainingTask.of(
                few,
                Optional.of(new Dataset("copies", few.labels(), many)),
                options(1, 1, Optional.empty())),
            2,
            TrainingProgress.SILENT);
    assertThat(preparation.heldOut().images()).hasSize(2001);
    assertThat(preparation.run(RESOURCES, TrainingProgress.SILENT).heldOut()).hasSize(2000);
  }

  @Test
  void unreadableFilesAreNamedAndLeftOut() {
    Pictures.writeText(pictures.resolve("discs/broken.jpg"));
    Pictures.writeText(pictures.resolve("stripes/notes.txt"));
    List<String> skipped = new ArrayList<>();
    TrainingResult result =
        train(
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
    assertThatThrownBy(() -> train(options(1, 1, Optional.empty()).withMinPerClass(17)))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "%s has no two classes with enough images: discs has 16 readable images and needs 17; stripes has 16 readable images and needs 17; add images or lower training.min-per-class"
                .formatted(pictures));
    pictures = folder.resolve("one");
    Pictures.greens(pictures, 3);
    assertThatThrownBy(() -> train(options(1, 1, Optional.empty())))
        .isInstanceOf(ModelException.class)
        .hasMessage(pictures + " has one class, greens: a training needs at least two");
    assertThat(store.versions()).isEmpty();

    Path file = Files.createFile(folder.resolve("file"));
    Trainer blocked = new Trainer(new ModelStore(file), DirectTrainingStep::new, RESOURCES);
    TrainingTask task = task(Optional.empty(), options(1, 1, Optional.empty()));
    assertThatThrownBy(() -> blocked.train(task, TrainingProgress.SILENT))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("cannot create the folder " + file);
  }

  @Test
  void aClassWithTooFewImagesWaits() {
    Pictures.writeText(pictures.resolve("notes/readme.txt"));
    Pictures.greens(pictures, 5);
    Path validation = folder.resolve("validation");
    Pictures.twoClasses(validation, 3);
    Pictures.greens(validation, 3);
    List<String> waiting = new ArrayList<>();
    TrainingResult result =
        trainer.train(
            task(
                Optional.of(validation),
                options(2, 1, Optional.of(FreezeTo.FC7)).withMinPerClass(6)),
            new TrainingProgress() {
              @Override
              public void waits(ClassSize size, String shortage) {
                waiting.add(shortage);
              }
            });
    assertThat(waiting)
        .containsExactly(
            "greens has 5 readable images and needs 6", "notes has 0 readable images and needs 6");
    assertThat(result.waiting())
        .containsExactly(new ClassSize("greens", 5, 0), new ClassSize("notes", 0, 0));
    assertThat(result.bundle().labels()).containsExactly("discs", "stripes");
    assertThat(result.validation().orElseThrow().images()).isEqualTo(6);
  }

  @Test
  void aLossThatIsNoNumberEndsTheTraining() {
    List<Double> rates = new ArrayList<>();
    Trainer diverging =
        new Trainer(
            store,
            setup -> new FakeStep(setup.start(), setup.preprocessing(), setup.trainable(), rates),
            RESOURCES);
    TrainingTask task = task(Optional.empty(), options(2, 1, Optional.empty()));
    assertThatThrownBy(() -> diverging.train(task, TrainingProgress.SILENT))
        .isInstanceOf(ModelException.class)
        .hasMessage("the loss is NaN in epoch 1, step 3: try a lower learning rate than 0.002");
    assertThat(rates).hasSize(3).allSatisfy(rate -> assertThat(rate).isBetween(0.0, 2e-3));
    assertThat(store.versions()).isEmpty();
    assertThat(RunFolder.versions(store)).isEmpty();
  }

  /** Counts down to a loss of NaN. */
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

  /** Evaluates all images with the serving engine. */
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
