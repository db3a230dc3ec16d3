package io.tagstream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * The complete {@code ablate} on real images: {@code mvn -pl cli -am test -Plong
 * -Dtest=FullAblation -Dsurefire.failIfNoSpecifiedTests=false -Dimages=DIR [-Dvalidation=DIR]
 * [-Dpage=FILE]}. Takes over an hour on two processors; with the same page an interrupted run
 * resumes.
 */
class FullAblation {
  private static final Pattern RUN =
      Pattern.compile("\\{\"variant\":\"(\\w+)\",\"seed\":.*\"epochsTo25\":(null|\\d+),.*");

  private static final Pattern DIFFERENCE =
      Pattern.compile(
          "\\{\"variant\":.*\"against\":.*\"difference\":([-0-9.E]+),\"low\":([-0-9.E]+),\"high\":([-0-9.E]+).*");

  @TempDir private Path folder;

  @Test
  @Tag("long")
  void reluIsAheadAndEachIdeaHasItsInterval() {
    String images = System.getProperty("images", "");
    assumeTrue(!images.isEmpty(), "skipped: set -Dimages=DIR to a folder of images");
    List<String> command = new ArrayList<>(List.of("ablate", "--json", "--images", images));
    String validation = System.getProperty("validation", "");
    if (!validation.isEmpty()) {
      command.addAll(List.of("--validation", validation));
    }
    Path page = Path.of(System.getProperty("page", folder.resolve("ablation.html").toString()));
    command.addAll(List.of("--out", page.toString()));
    StringWriter out = new StringWriter();

    int exit =
        new CommandLine(new Tagstream())
            .setOut(new PrintWriter(out))
            .execute(command.toArray(String[]::new));

    assertThat(exit).isZero();
    assertThat(page).content().contains("<svg", "What each idea brings");
    List<String> lines = out.toString().lines().toList();
    assertThat(fewestEpochs(lines, "relu")).isLessThan(fewestEpochs(lines, "tanh"));
    List<Matcher> differences =
        lines.stream().map(DIFFERENCE::matcher).filter(Matcher::matches).toList();
    assertThat(differences)
        .hasSizeGreaterThan(5)
        .allSatisfy(
            found ->
                assertThat(Double.parseDouble(found.group(1)))
                    .isBetween(
                        Double.parseDouble(found.group(2)), Double.parseDouble(found.group(3))));
  }

  /** Fewest epochs to a training error of 25 % among all trainings of a variant. */
  private static int fewestEpochs(List<String> lines, String variant) {
    return lines.stream()
        .map(RUN::matcher)
        .filter(run -> run.matches() && run.group(1).equals(variant))
        .mapToInt(
            run -> run.group(2).equals("null") ? Integer.MAX_VALUE : Integer.parseInt(run.group(2)))
        .min()
        .orElseThrow();
  }
}
