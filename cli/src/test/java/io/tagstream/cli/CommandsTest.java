package io.tagstream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import io.tagstream.producers.drawn.DrawnScenes;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands on models, run as the user types them. */
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
  void everyCommandExplainsItself() {
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
            "model",
            "status");
    assertThat(program.getSubcommands().values())
        .allSatisfy(
            command ->
                assertThat(command.getUsageMessage(CommandLine.Help.Ansi.OFF))
                    .contains("--help", "--verbose"));
  }

  @Test
  void classifyAnswersEachFileInOrder() throws IOException {
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
    assertThat(err.toString()).contains("a running job will not notice");
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
  void anEmptyStoreSaysHowToFillIt() {
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

  private String writeModel(long seed) {
    NetworkDescription network = NetworkDescription.alexNet(DrawnScenes.LABELS.size(), 1.0 / 12);
    return new ModelStore(Path.of(models))
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
    ByteBuffer jpeg = new DrawnScenes(5).scene(number).jpeg();
    byte[] bytes = new byte[jpeg.remaining()];
    jpeg.get(bytes);
    return Files.write(directory.resolve("scene-%d.jpg".formatted(number)), bytes).toString();
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
