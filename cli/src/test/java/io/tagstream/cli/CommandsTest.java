package io.tagstream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.LiveAccuracyRecord;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import io.tagstream.model.store.Verdict;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.model.training.LabelledImage;
import io.tagstream.model.training.Split;
import io.tagstream.producers.drawn.DrawnScene;
import io.tagstream.producers.drawn.DrawnScenes;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Runs the commands on models with the arguments that a user types. */
final class CommandsTest {
  @TempDir Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private String models = "";

  @BeforeEach
  void name() {
    models = directory.resolve("models").toString();
  }

  @Test
  void everyCommandHasHelp() {
    CommandLine program = new CommandLine(new Tagstream());
    assertThat(program.getSubcommands().keySet())
        .containsExactlyInAnyOrder(
            "demo",
            "job",
            "broker",
            "topics",
            "produce",
            "label",
            "tail",
            "retag",
            "classify",
            "train",
            "ablate",
            "model",
            "retrain",
            "status",
            "bench");
    assertThat(program.getSubcommands().values())
        .allSatisfy(
            command ->
                assertThat(command.getUsageMessage(CommandLine.Help.Ansi.OFF))
                    .contains("--help", "--verbose"));
  }

  @Test
  void classifyTagsEachFileInOrder() throws IOException {
    String version = writeModel(1);
    String scene = writeScene(0);
    String broken = directory.resolve("broken.jpg").toString();
    Files.writeString(Path.of(broken), "no picture");
    String missing = directory.resolve("missing.jpg").toString();
    String second = writeScene(1);

    int exit = run("classify", "--models", models, "--json", scene, broken, missing, second);

    assertThat(exit).isEqualTo(1);
    List<String> lines = out.toString().lines().toList();
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0))
        .contains("\"imageId\":\"" + scene, "\"modelVersion\":\"" + version, "\"views\":2");
    assertThat(lines.get(1)).contains("\"imageId\":\"" + broken, "\"stage\":\"decode\"");
    assertThat(lines.get(2)).contains("\"imageId\":\"" + missing, "\"stage\":\"fetch\"");
    assertThat(lines.get(3)).contains("\"imageId\":\"" + second);
    assertThat(err.toString()).contains(broken + ": ", missing + ": no such file");
  }

  /** Opening a pipe would block, and a device has no end. */
  @Test
  @Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void pipesAndDevicesAreReportedWithoutBeingOpened() throws Exception {
    writeModel(1);
    String pipe = directory.resolve("pipe").toString();
    assertThat(new ProcessBuilder("mkfifo", pipe).start().waitFor()).isZero();
    String scene = writeScene(0);
    assertThat(run("classify", "--models", models, pipe, "/dev/zero", scene)).isEqualTo(1);
    assertThat(err.toString())
        .contains(
            pipe + ": it is a pipe or a device, not a file",
            "/dev/zero: it is a pipe or a device, not a file");
    assertThat(out.toString()).contains(scene);
    for (String wrong : List.of(pipe, "/dev/zero")) {
      assertThat(run("label", "--csv", wrong)).isEqualTo(1);
      assertThat(run("produce", "--images", wrong)).isEqualTo(1);
      assertThat(run("train", "--images", wrong, "--models", models)).isEqualTo(1);
    }
  }

  @Test
  void bothEnginesGiveTheSameTags() throws IOException {
    writeModel(1);
    String scene = writeScene(3);
    assertThat(run("classify", "--models", models, scene)).isZero();
    String direct = out.toString();
    out.getBuffer().setLength(0);
    assertThat(run("classify", "--models", models, "--engine", "onnxruntime", scene)).isZero();
    assertThat(out.toString()).isEqualTo(direct);
  }

  @Test
  void modelListMarksTheLiveOneAndPromoteMovesIt() {
    String first = writeModel(1);
    String second = writeModel(2);

    assertThat(run("model", "promote", second, "--models", models, "--by", "me")).isZero();
    assertThat(err.toString()).contains("running jobs are not notified");
    out.getBuffer().setLength(0);
    assertThat(run("model", "list", "--models", models)).isZero();
    assertThat(out.toString().lines())
        .satisfiesExactly(
            line -> assertThat(line).startsWith("  " + first),
            line -> assertThat(line).startsWith("* " + second));
    out.getBuffer().setLength(0);
    assertThat(run("model", "rollback", "--models", models)).isZero();
    assertThat(out.toString()).startsWith(first + " is live");
  }

  /** The text is refused before a broker or a store is opened. */
  @Test
  void invalidTextInAnOptionIsWrongUsage() {
    String first = writeModel(1);
    String second = writeModel(2);
    for (String bad : List.of("x".repeat(257), "two\nlines", "a\u009b2J", "\u202eeb")) {
      List<List<String>> commands =
          List.of(
              List.of("model", "promote", second, "--models", models, "--by", bad),
              List.of("model", "rollback", "--models", models, "--by", bad),
              List.of("retrain", "--by", bad),
              List.of("retrain", "--reason", bad),
              List.of("label", "a=b", "--annotator", bad),
              List.of("label", bad.repeat(5) + "=b"),
              List.of("produce", "--images", models, "--id-prefix", bad));
      for (List<String> command : commands) {
        err.getBuffer().setLength(0);
        assertThat(run(command.toArray(String[]::new))).as("%s", command).isEqualTo(2);
        assertThat(err.toString())
            .containsAnyOf("characters, at most 256", "control character", "bytes in UTF-8");
      }
    }
    assertThat(new ModelStore(Path.of(models)).live()).isEqualTo(first);
  }

  @Test
  void listReportsADamagedLiveFile() throws IOException {
    String version = writeModel(1);
    Files.writeString(Path.of(models, "live"), "a\u009b2J\nb");
    assertThat(run("model", "list", "--models", models)).isZero();
    assertThat(out.toString()).startsWith("  " + version);
    assertThat(err.toString()).contains("does not name a version: 'a\\u009b2J\\u000ab'");
  }

  @Test
  void trainWithATrainingStoreHoldsImagesOutInAdditionToValidationImages() throws IOException {
    String parent = writeModel(1);
    Path photos = writeLabelledScenes("pictures", 0, 40);
    Path validation = writeLabelledScenes("validation", 40, 50);
    List<String> usual =
        List.of(
            "train",
            "--images",
            photos.toString(),
            "--validation",
            validation.toString(),
            "--models",
            models,
            "--parent",
            parent,
            "--freeze-to",
            "fc7",
            "--epochs",
            "1");
    List<String> stored = new ArrayList<>(usual);
    stored.addAll(List.of("--training-store", directory.resolve("training").toString()));

    assertThat(run(usual.toArray(String[]::new))).isZero();
    assertThat(newestTrainingImages()).contains(40L);
    assertThat(run(stored.toArray(String[]::new))).isZero();
    assertThat(newestTrainingImages()).contains(40L - heldOut(photos));
  }

  private Optional<Long> newestTrainingImages() {
    List<String> versions = store().versions();
    return store().metadata(versions.get(versions.size() - 1)).provenance().images();
  }

  private static int heldOut(Path folder) throws IOException {
    int count = 0;
    for (LabelledImage image : FolderDataset.list(folder).images()) {
      try {
        byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(image.content().read());
        count += Split.isHeldOut(Optional.empty(), sha256) ? 1 : 0;
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError(e);
      }
    }
    assertThat(count).isPositive();
    return count;
  }

  /** Writes scenes into a folder for each label. */
  private Path writeLabelledScenes(String name, int from, int to) throws IOException {
    Path folder = directory.resolve(name);
    for (int number = from; number < to; number++) {
      DrawnScene scene = new DrawnScenes(5).scene(number);
      Path label = Files.createDirectories(folder.resolve(scene.label()));
      write(scene, label.resolve(number + ".jpg"));
    }
    return folder;
  }

  @Test
  void modelShowPrintsTheTableOfLayers() {
    String version = writeModel(1);
    assertThat(run("model", "show", version, "--models", models)).isZero();
    assertThat(out.toString())
        .containsPattern("conv1 +8x55x55 +2,912 +8,784,600 +11,648")
        .containsPattern("fc8 +10 ")
        .contains("total");
  }

  @Test
  void modelListShowsTheDetailsOfEachVersion() {
    String imported = writeModel(1);
    String trained = writeJudged(imported);
    store().write(new LiveAccuracyRecord(Map.of(trained, new LiveAccuracyRecord.Score(83, 100))));

    assertThat(run("model", "list", "--models", models)).isZero();
    assertThat(out.toString().lines())
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .startsWith("* " + imported)
                    .endsWith(", 10 classes, drawn for a test"),
            line ->
                assertThat(line)
                    .startsWith("  " + trained + "  from " + imported + ", 20")
                    .endsWith(
                        ", 1000 images, 10 classes, held-out top-1 25.0 %, top-5 75.0 %, rejected, live 83.0 % of 100"));
    out.getBuffer().setLength(0);
    assertThat(run("model", "list", "--models", models, "--json")).isZero();
    assertThat(out.toString().lines())
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .contains(
                        "\"version\":\"" + imported,
                        "\"live\":true",
                        "\"parent\":null",
                        "\"images\":null",
                        "\"top1\":null",
                        "\"verdict\":null",
                        "\"liveAccuracy\":null"),
            line ->
                assertThat(line)
                    .contains(
                        "\"live\":false",
                        "\"parent\":\"" + imported,
                        "\"images\":1000",
                        "\"classes\":10",
                        "\"top1\":0.25,\"top5\":0.75",
                        "\"verdict\":\"rejected\",\"reason\":\"worse\"",
                        "\"liveAccuracy\":{\"right\":83,\"total\":100,\"accuracy\":0.83}"));
  }

  @Test
  void modelShowPrintsTheVerdictTheClassesAndTheConfusionMatrix() {
    String imported = writeModel(1);
    String trained = writeJudged(imported);
    assertThat(run("model", "show", trained, "--models", models)).isZero();
    assertThat(out.toString().lines())
        .contains(
            "parent      " + imported,
            "images      1000",
            "recipe      small-data",
            "rate        0.5",
            "seed        7",
            "learned     every layer",
            "verdict     rejected: worse",
            "held out    4 images, 1 more left out as duplicates of training images",
            "candidate   top-1 25.0 %, top-5 75.0 %",
            "incumbent   top-1 50.0 %, top-5 100.0 %, " + imported,
            "sign test   b = 2 right only by the incumbent, c = 1 only by the candidate, p = 0.500");
    String label = DrawnScenes.LABELS.get(0);
    String other = DrawnScenes.LABELS.get(1);
    assertThat(out.toString())
        .containsPattern("classes +[0-9]+, drawn: ")
        .containsPattern(label + " +4 +1 +2 +2 +1 +0.500  worse")
        .containsPattern(label + " +3 " + other + ", 1 " + label);
    out.getBuffer().setLength(0);
    assertThat(run("model", "show", trained, "--models", models, "--json")).isZero();
    assertThat(out.toString())
        .contains(
            "\"recipe\":\"small-data\",\"hyperParameters\":{\"rate\":\"0.5\"},\"classesAre\":\"drawn\",\"endToEnd\":true,\"seed\":7",
            "\"gate\":{\"outcome\":\"rejected\",\"reason\":\"worse\",\"heldOut\":4",
            "\"incumbent\":{\"top1\":0.5,\"top5\":1.0},\"b\":2,\"c\":1,\"p\":0.5",
            "\"confusion\":{\"%s\":{\"%s\":1,\"%s\":3}}".formatted(label, label, other));
  }

  private String writeJudged(String parent) {
    NetworkDescription network = NetworkDescription.alexNet(DrawnScenes.LABELS.size(), 1.0 / 12);
    String label = DrawnScenes.LABELS.get(0);
    Map<String, Integer> answers = new LinkedHashMap<>();
    answers.put(label, 1);
    answers.put(DrawnScenes.LABELS.get(1), 3);
    return store()
        .write(
            new ModelDraft(
                Initialisation.HE.draw(network, 2),
                Preprocessing.tagstream(network.inputSize()),
                DrawnScenes.LABELS,
                Optional.of(parent),
                Provenance.trained(
                    "drawn",
                    1000,
                    "small-data",
                    Map.of("rate", "0.5"),
                    7,
                    Map.of("top1", 0.9, "top5", 0.95),
                    "drawn",
                    true,
                    "none"),
                Optional.of(
                    new Verdict(
                        Verdict.Outcome.REJECTED,
                        "worse",
                        Optional.of(new Verdict.Incumbent(parent, new Verdict.Scores(0.5, 1))),
                        new Verdict.Scores(0.25, 0.75),
                        2,
                        1,
                        0.5,
                        List.of(new Verdict.ClassFinding(label, 4, 2, 1, 2, 1, 0.5, true)),
                        Map.of(label, answers),
                        4,
                        1)),
                Optional.empty()))
        .version();
  }

  @Test
  void quantizeAddsACandidateWithIntegers() throws IOException {
    String version = writeModel(1);
    Path photos = Files.createDirectory(directory.resolve("flat"));
    for (int i = 0; i < 12; i++) {
      write(new DrawnScenes(5).scene(i), photos.resolve("%d.jpg".formatted(i)));
    }

    int exit =
        run("model", "quantize", version, "--calibrate", photos.toString(), "--models", models);

    assertThat(exit).isZero();
    String integers = store().versions().get(1);
    assertThat(out.toString().lines())
        .contains(
            "no verdict  the folders of %s are not the labels of %s".formatted(photos, version),
            "make it live with ./tagstream model promote %s --models %s"
                .formatted(integers, models));
    assertThat(store().live()).isEqualTo(version);
    out.getBuffer().setLength(0);
    assertThat(
            run(
                "model",
                "quantize",
                version,
                "--calibrate",
                photos.toString(),
                "--models",
                models,
                "--json"))
        .isZero();
    assertThat(out.toString())
        .startsWith("{\"version\":\"" + store().versions().get(2) + "\",\"parent\":\"" + version)
        .contains("\"watched\":", "\"compared\":", "\"agreeing\":")
        .doesNotContain("gate");
    assertThat(run("model", "quantize", version, "--models", models)).isEqualTo(2);
  }

  @Test
  void showPrintsTheNormalisationAndDrawsTheTowers() {
    String version = writeModel(1);
    Path diagram = directory.resolve("towers.svg");
    assertThat(run("model", "show", version, "--models", models, "--diagram", diagram.toString()))
        .isZero();
    assertThat(out.toString())
        .contains("lrn         n 5, k 2.0, alpha 1.0E-4, beta 0.75, over all maps");
    assertThat(diagram)
        .content()
        .startsWith("<svg")
        .contains("tower 2", ">conv3<", ">fc8<", " KB<");
  }

  @Test
  void showPrintsTheMemoryOfATraining() {
    String version = writeModel(1);
    String[] show = {"model", "show", version, "--models", models, "--memory"};
    assertThat(run(with(show, "1 GiB"))).isZero();
    assertThat(out.toString())
        .containsPattern("one device +weights +gradients +momentum +batch 1 +batch 32 +batch 128")
        .containsPattern("a tower +weights")
        .containsPattern("in 1 GiB: batches of up to [1-9]\\d+; larger ones are computed in parts");
    assertThat(run(with(show, "1 KiB"))).isZero();
    assertThat(out.toString()).contains("in 1 KiB: no batch, not even one image");
    assertThat(run(with(show, "lots"))).isEqualTo(2);
    assertThat(err.toString()).contains("'lots': a size is a whole number and B, KiB");
  }

  private static String[] with(String[] arguments, String last) {
    return Stream.concat(Stream.of(arguments), Stream.of(last)).toArray(String[]::new);
  }

  @Test
  void ablatePrintsTrainingsAndDifferencesAndResumes() throws IOException {
    Path photos = writeLabelledScenes("classes", 0, 40);
    Path page = directory.resolve("ideas.html");
    String[] command = {
      "ablate",
      "--quick",
      "--images",
      photos.toString(),
      "--width",
      "0.03",
      "--epochs",
      "2",
      "--json",
      "--out",
      page.toString()
    };

    assertThat(run(command)).isZero();

    List<String> lines = out.toString().lines().toList();
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0))
        .startsWith("{\"variant\":\"relu\",\"seed\":1,\"learningRate\":")
        .containsPattern(
            "\"epochs\":2,\"trainError\":\\[[0-9.]+,[0-9.]+],\"epochsTo25\":(null|[12]),")
        .contains("\"top1\":");
    assertThat(lines.get(2))
        .startsWith("{\"variant\":\"relu\",\"against\":\"tanh\",\"difference\":")
        .contains("\"low\":", "\"high\":");
    assertThat(page).content().contains("<svg", "What each idea brings");
    assertThatCode(
            () -> DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(page.toFile()))
        .as("a page is XML as well")
        .doesNotThrowAnyException();

    out.getBuffer().setLength(0);
    assertThat(run(command)).isZero();
    assertThat(out.toString().lines().toList()).isEqualTo(lines);
    assertThat(err.toString()).contains("from an earlier run");
  }

  @Test
  void theErrorOfAnEmptyStoreTellsHowToFillIt() {
    Path scene = directory.resolve("scene.jpg");
    List<List<String>> commands =
        List.of(
            List.of("model", "list", "--models", models),
            List.of("model", "rollback", "--models", models),
            List.of("classify", "--models", models, scene.toString()));
    for (List<String> command : commands) {
      AtomicReference<String> message = new AtomicReference<>("");
      int exit =
          program()
              .setExecutionExceptionHandler(
                  (e, failed, parsed) -> {
                    message.set(e.getMessage());
                    return 1;
                  })
              .execute(command.toArray(String[]::new));
      assertThat(exit).isEqualTo(1);
      assertThat(message.get()).contains("tagstream train", "model import");
    }
  }

  private ModelStore store() {
    return new ModelStore(Path.of(models));
  }

  private String writeModel(long seed) {
    NetworkDescription network = NetworkDescription.alexNet(DrawnScenes.LABELS.size(), 1.0 / 12);
    return store()
        .write(
            new ModelDraft(
                Initialisation.HE.draw(network, seed),
                Preprocessing.tagstream(network.inputSize()),
                DrawnScenes.LABELS,
                Optional.empty(),
                Provenance.made("drawn for a test", "of the drawn scenes", "none")))
        .version();
  }

  private String writeScene(long number) throws IOException {
    DrawnScene scene = new DrawnScenes(5).scene(number);
    return write(scene, directory.resolve("scene-%d.jpg".formatted(number))).toString();
  }

  private static Path write(DrawnScene scene, Path file) throws IOException {
    ByteBuffer jpeg = scene.jpeg();
    byte[] bytes = new byte[jpeg.remaining()];
    jpeg.get(bytes);
    return Files.write(file, bytes);
  }

  private int run(String... args) {
    return program().execute(args);
  }

  private CommandLine program() {
    return new CommandLine(new Tagstream())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err));
  }
}
