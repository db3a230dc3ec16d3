package io.tagstream.model.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Where a model comes from, so that it can be made again or doubted.
 *
 * @param how one line: what was done, to what
 * @param time when, to the second
 * @param data the snapshot of the data it was trained on
 * @param images how many images that is, the held-out ones apart
 * @param recipe the recipe's name
 * @param hyperParameters the recipe's numbers as they were used
 * @param seed of every random choice
 * @param metrics by name, on the held-out pictures
 * @param classes how the classes came about: {@code replaced} when they are not the parent's
 * @param endToEnd whether every layer has learned, in this training or in one before; absent in
 *     bundles of before it was recorded
 * @param library what computed it, with its version
 * @param java the virtual machine
 * @param processor its name where the system tells, else its architecture
 */
public record Provenance(
    String how,
    Instant time,
    Optional<String> data,
    Optional<Long> images,
    Optional<String> recipe,
    Map<String, String> hyperParameters,
    Optional<Long> seed,
    Map<String, Double> metrics,
    Optional<String> classes,
    Optional<Boolean> endToEnd,
    String library,
    String java,
    String processor) {

  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  public Provenance {
    Objects.requireNonNull(how, "no how");
    Objects.requireNonNull(time, "no time");
    Objects.requireNonNull(data);
    Objects.requireNonNull(images);
    Objects.requireNonNull(recipe);
    Objects.requireNonNull(seed);
    Objects.requireNonNull(classes);
    Objects.requireNonNull(endToEnd);
    Objects.requireNonNull(library, "no library");
    Objects.requireNonNull(java, "no java");
    Objects.requireNonNull(processor, "no processor");
    time = time.truncatedTo(ChronoUnit.SECONDS);
    hyperParameters = sorted(hyperParameters);
    metrics = sorted(metrics);
  }

  /** A training done now, in this virtual machine. */
  public static Provenance trained(
      String data,
      long images,
      String recipe,
      Map<String, String> hyperParameters,
      long seed,
      Map<String, Double> metrics,
      String classes,
      boolean endToEnd,
      String library) {
    return here(
        "trained on " + data,
        Optional.of(data),
        Optional.of(images),
        Optional.of(recipe),
        hyperParameters,
        Optional.of(seed),
        metrics,
        classes,
        Optional.of(endToEnd),
        library);
  }

  /**
   * A model made now, in this virtual machine, by something other than a training.
   *
   * @param how one line: what was done, to what
   */
  public static Provenance made(String how, String classes, String library) {
    return here(
        how,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Map.of(),
        classes,
        Optional.empty(),
        library);
  }

  private static Provenance here(
      String how,
      Optional<String> data,
      Optional<Long> images,
      Optional<String> recipe,
      Map<String, String> hyperParameters,
      Optional<Long> seed,
      Map<String, Double> metrics,
      String classes,
      Optional<Boolean> endToEnd,
      String library) {
    return new Provenance(
        how,
        Instant.now(),
        data,
        images,
        recipe,
        hyperParameters,
        seed,
        metrics,
        Optional.of(classes),
        endToEnd,
        library,
        System.getProperty("java.vm.name") + " " + Runtime.version(),
        thisProcessor());
  }

  /** The same model after something more was done to it: all else stays true. */
  Provenance then(String next) {
    return then(next, metrics);
  }

  /**
   * The same model after something was done to it that changes its answers: it is measured anew.
   */
  public Provenance then(String next, Map<String, Double> newMetrics) {
    return new Provenance(
        how + "; " + next,
        time,
        data,
        images,
        recipe,
        hyperParameters,
        seed,
        newMetrics,
        classes,
        endToEnd,
        library,
        java,
        processor);
  }

  /**
   * Whether weights like these are worth going on from. Where it is not recorded: an imported model
   * has learned elsewhere, and the trainings of before kept layers as they were drawn only where
   * the recipe's name says "frozen".
   */
  public boolean hasLearnedThroughout() {
    return endToEnd.orElse(recipe.filter(name -> name.startsWith("frozen")).isEmpty());
  }

  private static <V> Map<String, V> sorted(Map<String, V> values) {
    // Null is what Jackson gives for a map that the file leaves out because it is empty.
    return values == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(values));
  }

  private static String thisProcessor() {
    String architecture = System.getProperty("os.arch");
    int count = Runtime.getRuntime().availableProcessors();
    String name = architecture;
    try (Stream<String> lines = Files.lines(PROCESSORS, StandardCharsets.UTF_8)) {
      name =
          lines
              .filter(line -> line.startsWith("model name"))
              .map(line -> line.substring(line.indexOf(':') + 1).strip())
              .findFirst()
              .orElse(architecture);
    } catch (IOException notLinux) {
      // Only Linux names its processor in a file; the architecture will do elsewhere.
    }
    return "%s, %d processors".formatted(name, count);
  }
}
