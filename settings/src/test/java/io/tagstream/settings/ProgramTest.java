package io.tagstream.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

class ProgramTest {
  private static final class ModelFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ModelFailure(String message) {
      super(message);
    }
  }

  @Command(name = "tagstream")
  static final class Root {
    @Mixin StandardOptions standard = new StandardOptions();
  }

  @Command(name = "work")
  static final class Work implements Runnable {
    @Mixin StandardOptions standard = new StandardOptions();
    @Mixin SettingsOptions settings = new SettingsOptions();

    @Option(names = "--images", required = true)
    String images = "";

    private final Runnable body;

    Work(Runnable body) {
      this.body = body;
    }

    @Override
    public void run() {
      settings.load();
      body.run();
    }
  }

  private final StringWriter err = new StringWriter();
  private final StringWriter out = new StringWriter();
  private Optional<CommandLine> running = Optional.empty();

  private int run(Runnable body, String... args) {
    Program program = new Program(new Root(), Set.of(ModelFailure.class));
    program
        .commandLine()
        .addSubcommand(new Work(body))
        .setErr(new PrintWriter(err, true))
        .setOut(new PrintWriter(out, true));
    running = Optional.of(program.commandLine());
    return program.run(args);
  }

  private static void nothing() {}

  /** The escaping writer that wraps the given one. */
  private PrintWriter spec(StringWriter given) {
    CommandLine command = running.orElseThrow();
    return given == out ? command.getOut() : command.getErr();
  }

  @Test
  void successEndsWithZero() {
    assertThat(run(ProgramTest::nothing, "work", "--images", "x")).isZero();
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void helpGoesToStandardOutput() {
    assertThat(run(ProgramTest::nothing, "work", "--help")).isZero();
    assertThat(out.toString()).contains("--verbose", "--config=FILE", "--set=KEY=VALUE");
  }

  @Test
  void aUserExceptionIsItsMessage() {
    int exit =
        run(
            () -> {
              throw new UserException("the cup is empty:\n fill it");
            },
            "work",
            "--images",
            "x");
    assertThat(exit).isEqualTo(1);
    assertThat(err.toString().lines()).containsExactly("tagstream: the cup is empty: fill it");
  }

  /** A message may quote foreign text. */
  @Test
  void errorMessagesAreEscaped() {
    run(
        () -> {
          throw new UserException("no label '\u009b2J\u001b[2J\u202egpj.exe'");
        },
        "work",
        "--images",
        "x",
        "--verbose");
    assertThat(run(ProgramTest::nothing, "work", "--images", "x", "\u001b[2J")).isEqualTo(2);
    assertThat(err.toString())
        .contains("no label '\\u009b2J\\u001b[2J\\u202egpj.exe'", "unknown argument \\u001b[2J")
        .doesNotContain("\u009b", "\u001b", "\u202e");
  }

  @Test
  void commandOutputIsEscaped() {
    run(
        () -> {
          spec(err).println("\u001b]0;title\u0007");
          spec(out).println("{\"id\":\"\u009b2J\"}");
        },
        "work",
        "--images",
        "x");
    assertThat(err.toString().lines()).containsExactly("\\u001b]0;title\\u0007");
    assertThat(out.toString().lines()).containsExactly("{\"id\":\"\\u009b2J\"}");
  }

  @Test
  void anotherModulesExplainedExceptionIsItsMessage() {
    int exit =
        run(
            () -> {
              throw new ModelFailure("no model: train one");
            },
            "work",
            "--images",
            "x");
    assertThat(exit).isEqualTo(1);
    assertThat(err.toString().lines()).containsExactly("tagstream: no model: train one");
  }

  @Test
  void anyOtherExceptionIsNamed() {
    int exit =
        run(
            () -> {
              throw new IllegalStateException("odd");
            },
            "work",
            "--images",
            "x");
    assertThat(exit).isEqualTo(1);
    assertThat(err.toString().lines())
        .containsExactly("tagstream: IllegalStateException: odd (--verbose shows where)");
  }

  @Test
  void aJavaErrorIsReportedInOneLine() {
    int exit =
        run(
            () -> {
              throw new OutOfMemoryError("Java heap space");
            },
            "work",
            "--images",
            "x");
    assertThat(exit).isEqualTo(1);
    assertThat(err.toString()).startsWith("tagstream: OutOfMemoryError: Java heap space");
  }

  @Test
  void theStackTraceComesWithVerboseOnly() {
    run(
        () -> {
          throw new UserException("no");
        },
        "work",
        "--images",
        "x",
        "--verbose");
    assertThat(err.toString()).contains("at io.tagstream.settings.ProgramTest");
  }

  @Test
  void anUnknownSettingIsWrongUsage() {
    assertThat(run(ProgramTest::nothing, "work", "--images", "x", "--set", "batch.sze=1"))
        .isEqualTo(2);
    assertThat(err.toString()).contains("did you mean batch.size?");
  }

  @Test
  void anUnknownCommandIsWrongUsageWithTheNearest() {
    assertThat(run(ProgramTest::nothing, "wrok")).isEqualTo(2);
    assertThat(err.toString().lines())
        .containsExactly(
            "tagstream: unknown command wrok, did you mean work? (see tagstream --help)");
  }

  @Test
  void anUnknownOptionIsWrongUsageWithTheNearestEvenWhenAnotherIsMissing() {
    assertThat(run(ProgramTest::nothing, "work", "--image=x")).isEqualTo(2);
    assertThat(err.toString().lines())
        .containsExactly(
            "tagstream: unknown option --image, did you mean --images? (see tagstream work --help)");
  }

  @Test
  void aMissingOptionAndAMissingCommandAreWrongUsage() {
    assertThat(run(ProgramTest::nothing, "work")).isEqualTo(2);
    assertThat(run(ProgramTest::nothing)).isEqualTo(2);
    assertThat(err.toString().lines())
        .hasSize(2)
        .allMatch(line -> line.startsWith("tagstream: Missing required"));
  }

  @Test
  void anArgumentThatBeginsWithAtIsNoFile(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("arguments"), "--unknown");
    assertThat(run(ProgramTest::nothing, "work", "--images", "x", "@" + file)).isEqualTo(2);
    assertThat(err.toString()).contains("unknown argument @" + file);
  }
}
