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
 * Where a model comes from, so that it can be reproduced or questioned.
 *
 * @param how one line: what was done, to what
 * @param time when it was done, to the second
 * @param data the collection that it was trained on
 * @param images the number of its training images, without the held-out ones
 * @param recipe the recipe's name
 * @param hyperParameters the recipe's values as they were used
 * @param seed the seed of every random choice
 * @param metrics measured on the held-out images, by name
 * @param classes the origin of the classes: {@code replaced} if they are not the parent's
 * @param endToEnd whether every layer was trained, in this training or an earlier one; absent in
 *     bundles written before it was recorded
 * @param library what computed it, with its version
 * @param java the virtual machine
 * @param processor its name if the system reports one, else its architecture
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

  /** The provenance of a training that ends now, in this virtual machine. */
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
   * The provenance of a model made now, in this virtual machine, without a training.
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

  /** Appends a step that changes no other value. */
  Provenance then(String next) {
    return then(next, metrics);
  }

  /** Appends a step that changes the model's predictions, with new metrics. */
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
   * Whether all layers of the model were trained, so that training can start from its weights. If
   * that is not recorded: imported models were trained elsewhere, and earlier trainings left layers
   * at their initial values only if the recipe's name contains "frozen".
   */
  public boolean hasLearnedThroughout() {
    return endToEnd.orElse(recipe.filter(name -> name.startsWith("frozen")).isEmpty());
  }

  private static <V> Map<String, V> sorted(Map<String, V> values) {
    // Jackson passes null for an empty map, which is omitted from the file.
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
      // Only Linux has the processor's name in a file; elsewhere the architecture must do.
    }
    return "%s, %d processors".formatted(name, count);
  }
}
