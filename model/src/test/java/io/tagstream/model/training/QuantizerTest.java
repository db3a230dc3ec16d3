package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.engine.onnxruntime.SessionWeights;
import io.tagstream.model.engine.onnxruntime.SessionWeights.Graph;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.serving.SharedModel;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelImport;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizerTest {
  private static final int THREADS = 1;

  @TempDir private Path folder;
  private ModelStore store;
  private Quantizer quantizer;
  private Dataset pictures;
  private ModelBundle floats;

  @BeforeEach
  void train() {
    store = Engines.store(folder.resolve("models"));
    quantizer = new Quantizer(store, THREADS, new LiveGate(store, 5));
    Path drawn = folder.resolve("pictures");
    Pictures.twoClasses(drawn, 40);
    pictures = FolderDataset.list(drawn);
    NetworkDescription full = NetworkDescription.alexNet(1, 0.05);
    Recipe recipe =
        new Recipe(
            "quick",
            Recipe.Start.AFRESH,
            InputScaling.STANDARDISED,
            Initialisation.HE,
            new Optimizer.Adam(2e-3),
            new Schedule.WarmUpThenCosine(0.05),
            4,
            0,
            Optional.empty(),
            new Augmentation.PaperCrops(0),
            new Recipe.Length.Epochs(5));
    floats =
        new Trainer(store, DirectTrainingStep::new, new TrainingResources(THREADS, 1 << 30))
            .train(
                TrainingTask.of(
                    pictures,
                    Optional.empty(),
                    TrainingOptions.defaults(1)
                        .withNetwork(new NetworkDescription(67, full.convolutions(), full.dense()))
                        .withRecipe(recipe)),
                TrainingProgress.SILENT)
            .bundle();
  }

  private Quantizer.Result quantize() {
    return quantizer.quantize(floats.version(), pictures, TrainingProgress.SILENT);
  }

  @Test
  void integersAnswerNearlyAsFloatsDoInAQuarterOfTheRoom() throws IOException {
    Quantizer.Result result = quantize();
    assertThat(result.watched() + result.compared()).isEqualTo(80);
    assertThat(result.compared()).isPositive();
    assertThat((double) result.agreeing()).isGreaterThanOrEqualTo(0.9 * result.compared());
    ModelBundle integers = store.open(result.bundle().version());
    assertThat((double) Files.size(integers.onnx())).isLessThan(0.4 * Files.size(floats.onnx()));
    List<byte[]> crops = crops();
    float[][] expected = predictions(floats, EngineKind.ONNXRUNTIME, crops);
    float[][] found = predictions(integers, EngineKind.ONNXRUNTIME, crops);
    boolean differs = false;
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i][0]).isEqualTo(expected[i][0], within(0.1f));
      differs |= found[i][0] != expected[i][0];
    }
    assertThat(differs).as("the predictions of 8 bits to be others than those of 32").isTrue();
  }

  /** Within the effect of one quantization step of the input and of the weights. */
  @Test
  void theOtherEngineTakesTheRoundedWeights() {
    ModelBundle integers = quantize().bundle();
    List<byte[]> crops = crops();
    float[][] expected = predictions(floats, EngineKind.DEEPLEARNING4J, crops);
    float[][] found = predictions(integers, EngineKind.DEEPLEARNING4J, crops);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i][0]).isEqualTo(expected[i][0], within(0.05f)).isNotEqualTo(expected[i][0]);
    }
  }

  @Test
  void theCandidateHasAVerdictAndStaysOne() {
    Quantizer.Result result = quantize();
    Verdict verdict = store.metadata(result.bundle().version()).verdict().orElseThrow();
    assertThat(verdict).isEqualTo(result.verdict().orElseThrow());
    assertThat(verdict.heldOut()).isEqualTo(result.compared());
    assertThat(verdict.incumbent().orElseThrow().version()).isEqualTo(floats.version());
    assertThat(verdict.incumbent().orElseThrow().scores().top1())
        .isEqualTo(verdict.candidate().top1(), within(0.1));
    assertThat(store.live()).isEqualTo(floats.version());
    assertThat(store.metadata(result.bundle().version()).parent()).contains(floats.version());
    assertThat(store.metadata(result.bundle().version()).provenance().how())
        .endsWith(
            "quantized to int8 from version %s, calibrated on %d images of %s"
                .formatted(floats.version(), result.watched(), pictures.description()));
  }

  @Test
  void picturesWithoutLabelsDoToCalibrateButGiveNoVerdict() throws IOException {
    Path flat = Files.createDirectory(folder.resolve("flat"));
    for (LabelledImage picture : pictures.images()) {
      Files.write(flat.resolve(picture.id().replace('/', '-')), picture.content().read());
    }
    Quantizer.Result flatly =
        quantizer.quantize(
            floats.version(), FolderDataset.listWithOrWithoutLabels(flat), TrainingProgress.SILENT);
    assertThat(flatly.verdict()).isEmpty();
    Quantizer.Result labelled = quantize();
    assertThat(flatly.watched()).isEqualTo(labelled.watched());
    assertThat(flatly.agreeing()).isEqualTo(labelled.agreeing());
    assertThat(flatly.bundle().onnx()).hasSameBinaryContentAs(labelled.bundle().onnx());
    assertThat(store.metadata(flatly.bundle().version()).provenance().metrics()).isEmpty();
    assertThat(store.metadata(labelled.bundle().version()).provenance().metrics())
        .containsKey("top1");
  }

  @Test
  void whatCannotBeReadIsNamedAndNotCounted() throws IOException {
    Quantizer.Result before = quantize();
    List<String> skipped = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      // Some of them are on either side of the split.
      Files.writeString(folder.resolve("pictures/discs/broken-%d.png".formatted(i)), "no " + i);
    }
    Quantizer.Result after =
        quantizer.quantize(
            floats.version(),
            FolderDataset.list(folder.resolve("pictures")),
            new TrainingProgress() {
              @Override
              public void skipped(String place, String reason) {
                skipped.add(place);
              }
            });
    assertThat(skipped)
        .hasSize(12)
        .doesNotHaveDuplicates()
        .allMatch(place -> place.contains("broken-"));
    assertThat(after.watched()).isEqualTo(before.watched());
    assertThat(after.compared()).isEqualTo(before.compared());
  }

  @Test
  void aFailureLeavesNothing() throws IOException {
    assertThatThrownBy(() -> quantizer.quantize("none", pictures, TrainingProgress.SILENT))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("no version none");
    Path broken = Files.createDirectories(folder.resolve("broken"));
    Files.writeString(broken.resolve("one.jpg"), "no picture");
    assertThatThrownBy(
            () ->
                quantizer.quantize(
                    floats.version(),
                    FolderDataset.listWithOrWithoutLabels(broken),
                    TrainingProgress.SILENT))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("no image to calibrate on: ");
    assertThat(store.pins().pinned()).isEmpty();
    assertThat(store.versions()).containsExactly(floats.version());
    try (Stream<Path> files = Files.list(store.root())) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.startsWith("."));
    }
  }

  @Test
  void integersAreNotQuantizedAgain() {
    String integers = quantize().bundle().version();
    assertThatThrownBy(() -> quantizer.quantize(integers, pictures, TrainingProgress.SILENT))
        .isInstanceOf(ModelException.class)
        .hasMessage(integers + " is quantized already");
  }

  @Test
  void exportedAndImportedItIsTheSameFile() throws IOException {
    ModelBundle integers = quantize().bundle();
    Path exported = folder.resolve("exported");
    store.export(integers.version(), exported);
    ModelBundle imported =
        new ModelImport(exported, Optional.empty(), Optional.empty())
            .into(Engines.store(folder.resolve("others")));
    assertThat(imported.onnx()).hasSameBinaryContentAs(integers.onnx());
    try (Weights weights = imported.weights()) {
      assertThat(weights.quantization()).isPresent();
    }
  }

  private List<byte[]> crops() {
    List<byte[]> crops = new ArrayList<>();
    new Evaluator(floats.preprocessing(), Views.CENTER, 8, 1)
        .predict(
            (batch, views) -> {
              crops.addAll(batch);
              return new float[batch.size()][2];
            },
            pictures.images().subList(0, 8),
            TrainingProgress.SILENT,
            (image, probabilities) -> {});
    return crops;
  }

  /**
   * The graph of the file, and the graph that is run, whose normalisation is rewritten for the
   * layout of integers.
   */
  @Test
  void theRewrittenNormalizationAnswersAsTheFileDoes() {
    ModelBundle integers = quantize().bundle();
    List<byte[]> crops = crops();
    float[][] plain = predictions(integers, Graph.PLAIN, crops);
    float[][] fast = predictions(integers, Graph.FAST_NORMALIZATION, crops);
    for (int i = 0; i < plain.length; i++) {
      // Some values are rounded differently.
      assertThat(fast[i][0]).isEqualTo(plain[i][0], within(5e-3f));
    }
  }

  private static float[][] predictions(ModelBundle bundle, Graph graph, List<byte[]> crops) {
    try (LoadedModel model = new SharedModel(bundle, SessionWeights.onCpu(bundle, THREADS, graph));
        Engine engine = model.newEngine(crops.size())) {
      return engine.probabilities(crops, 1);
    }
  }

  private static float[][] predictions(ModelBundle bundle, EngineKind kind, List<byte[]> crops) {
    try (LoadedModel model = Engines.load(bundle, new EngineOptions(kind, Device.CPU, THREADS));
        Engine engine = model.newEngine(crops.size())) {
      return engine.probabilities(crops, 1);
    }
  }
}
