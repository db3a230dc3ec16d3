package io.tagstream.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs Jazzer on each target, in a separate JVM with little memory. Each build runs the same
 * inputs, which take some seconds. {@code infra/fuzz/run} fuzzes for minutes, from the corpus of
 * its earlier runs.
 */
class FuzzTest {
  private static final Optional<Integer> SECONDS =
      Optional.ofNullable(Integer.getInteger("fuzz.seconds"));
  private static final Path FOLDER = Path.of("target/fuzz").toAbsolutePath();

  @ParameterizedTest
  @EnumSource(Target.class)
  void everyInputIsReadOrRefused(Target target) throws Exception {
    Path corpus = Files.createDirectories(FOLDER.resolve(target.name().toLowerCase(Locale.ROOT)));
    Path log = FOLDER.resolve(corpus.getFileName() + ".log");
    int exitCode = fuzz(target, corpus, log).waitFor();
    assertThat(exitCode).as(() -> "findings stand in " + log + ":\n" + end(log)).isZero();
    assertThat(end(log)).contains("Done ");
  }

  private static Process fuzz(Target target, Path corpus, Path log) throws IOException {
    List<byte[]> seeds = target.seeds();
    for (int number = 0; number < seeds.size(); number++) {
      Files.write(corpus.resolve("seed-" + number), seeds.get(number));
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-cp"));
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + target.type().getName());
    command.add("--instrumentation_includes=io.tagstream.**");
    command.add("--reproducer_path=" + FOLDER);
    command.add("-artifact_prefix=" + FOLDER + "/");
    command.add(
        SECONDS.map(time -> "-max_total_time=" + time).orElse("-runs=" + target.shortRun()));
    command.addAll(List.of("-seed=1", "-timeout=60", "-rss_limit_mb=2048"));
    command.add(corpus.toString());
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private static String end(Path log) {
    try {
      String text = Files.readString(log);
      return text.substring(Math.max(0, text.length() - 4000));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
