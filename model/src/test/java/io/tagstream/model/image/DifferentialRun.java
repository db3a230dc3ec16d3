package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Decodes each file of a folder with this decoder and with ImageMagick, and reports their
 * disagreements by kind of header: {@code mvn -pl model -am test -Plong -Dtest=DifferentialRun
 * -Dimages=DIR -Dsurefire.failIfNoSpecifiedTests=false}. The report is {@code
 * model/target/differential.md}.
 */
@Tag("long")
final class DifferentialRun {
  private static final int SIDE = 256;

  /** The mean absolute difference, of 255, below which the results count as equal. */
  private static final double SAME = 4;

  private static final long PATIENCE_SECONDS = 60;

  private enum Outcome {
    SAME,
    DIFFERENT,
    ONLY_HERE,
    ONLY_THERE,
    NEITHER
  }

  private record Compared(String file, String kind, Outcome outcome, String detail) {}

  @Test
  void filesAreTheSameHereAndByImageMagick() throws Exception {
    Optional<String> folder = Optional.ofNullable(System.getProperty("images"));
    assumeTrue(folder.isPresent(), "skipped: name a folder of images with -Dimages=DIR");
    Optional<String> program = imageMagick();
    assumeTrue(program.isPresent(), "skipped: ImageMagick is not installed");
    List<Path> files;
    try (Stream<Path> all = Files.walk(Path.of(folder.get()))) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    List<Compared> results = new ArrayList<>();
    try (ImageDecoder decoder = new ImageDecoder(SIDE, SIDE, Views.CENTER, DecodeLimits.DEFAULT)) {
      for (Path file : files) {
        results.add(compare(decoder, program.get(), file));
      }
    }
    Files.writeString(Path.of("target/differential.md"), report(results));
    System.out.print(report(results));
    assertThat(results).isNotEmpty();
  }

  private static Optional<String> imageMagick() throws IOException, InterruptedException {
    for (String name : List.of("magick", "convert")) {
      try {
        if (new ProcessBuilder(name, "-version").start().waitFor() == 0) {
          return Optional.of(name);
        }
      } catch (IOException e) {
        // The program is not installed.
      }
    }
    return Optional.empty();
  }

  private static Compared compare(ImageDecoder decoder, String program, Path file)
      throws IOException, InterruptedException {
    String kind = kind(program, file);
    Optional<byte[]> there = pixelsThere(program, file);
    byte[] here;
    try {
      here = decoder.decode(Files.readAllBytes(file));
    } catch (UnreadableImageException e) {
      return new Compared(
          file.getFileName().toString(),
          kind,
          there.isPresent() ? Outcome.ONLY_THERE : Outcome.NEITHER,
          e.reason());
    }
    if (there.isEmpty()) {
      return new Compared(file.getFileName().toString(), kind, Outcome.ONLY_HERE, "");
    }
    double difference = difference(here, there.get());
    return new Compared(
        file.getFileName().toString(),
        kind,
        difference < SAME ? Outcome.SAME : Outcome.DIFFERENT,
        String.format(Locale.ROOT, "%.1f of 255", difference));
  }

  /** Format, channels, depth, compression and orientation, as ImageMagick reads the header. */
  private static String kind(String program, Path file) throws IOException, InterruptedException {
    String kind =
        new String(
                output(
                    program,
                    first(file),
                    "-format",
                    "%m %[type] %[channels] %z bit %C orientation=%[orientation]",
                    "info:"),
                StandardCharsets.UTF_8)
            .strip();
    return kind.isEmpty() ? "not read by ImageMagick" : kind;
  }

  /** The same steps as this decoder: upright, over white, shorter side to 256, centre. */
  private static Optional<byte[]> pixelsThere(String program, Path file)
      throws IOException, InterruptedException {
    byte[] pixels =
        output(
            program,
            first(file),
            "-auto-orient",
            "-colorspace",
            "sRGB",
            "-background",
            "white",
            "-alpha",
            "remove",
            "-alpha",
            "off",
            "-filter",
            "Triangle",
            "-resize",
            "%dx%d^".formatted(SIDE, SIDE),
            "-gravity",
            "center",
            "-extent",
            "%dx%d".formatted(SIDE, SIDE),
            "-depth",
            "8",
            "rgb:-");
    return pixels.length == 3 * SIDE * SIDE ? Optional.of(pixels) : Optional.empty();
  }

  private static String first(Path file) {
    return file + "[0]";
  }

  private static byte[] output(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    process.getOutputStream().close();
    byte[] output = process.getInputStream().readAllBytes();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return output;
  }

  private static double difference(byte[] here, byte[] there) {
    long sum = 0;
    for (int i = 0; i < here.length; i++) {
      sum += Math.abs(Byte.toUnsignedInt(here[i]) - Byte.toUnsignedInt(there[i]));
    }
    return (double) sum / here.length;
  }

  private static String report(List<Compared> results) {
    Map<String, Map<Outcome, Long>> byKind =
        results.stream()
            .collect(
                Collectors.groupingBy(
                    Compared::kind,
                    TreeMap::new,
                    Collectors.groupingBy(Compared::outcome, Collectors.counting())));
    StringBuilder report =
        new StringBuilder(
            "| kind | same | different | only here | only ImageMagick | neither |\n|---|---|---|---|---|---|\n");
    byKind.forEach(
        (kind, counts) -> {
          report.append("| ").append(kind).append(" |");
          for (Outcome outcome : Outcome.values()) {
            report.append(' ').append(counts.getOrDefault(outcome, 0L)).append(" |");
          }
          report.append('\n');
        });
    report.append("\n| file | kind | outcome | detail |\n|---|---|---|---|\n");
    results.stream()
        .filter(result -> result.outcome() != Outcome.SAME)
        .forEach(
            result ->
                report.append(
                    "| %s | %s | %s | %s |\n"
                        .formatted(
                            result.file(),
                            result.kind(),
                            result.outcome().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                            result.detail())));
    return report.toString();
  }
}
