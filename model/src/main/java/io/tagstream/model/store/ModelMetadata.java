package io.tagstream.model.store;

import io.tagstream.model.network.NetworkDescription;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What {@code model.json} says, one field a record component. The names of the components, here and
 * in the records inside, are the format: a bundle of each released format stands among the tests.
 *
 * <p>Absent values are left out. Unknown fields are passed over when reading, so that a later
 * release may add some; a change that would mislead an older reader raises {@link #FORMAT}.
 *
 * @param format {@link #FORMAT} of the program that wrote it
 * @param parent the version it was trained from
 * @param files the bundle's other files, by name
 * @param verdict what the gate said, where the model went through one
 */
public record ModelMetadata(
    int format,
    String version,
    Optional<String> parent,
    Map<String, StoredFile> files,
    NetworkDescription network,
    Preprocessing preprocessing,
    Provenance provenance,
    Optional<Verdict> verdict) {

  /** The format this program writes, and the newest it reads. */
  public static final int FORMAT = 1;

  /** Nothing that could lead out of the bundle's folder. */
  private static final Pattern FILE = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,99}");

  /**
   * A file of the bundle.
   *
   * @param bytes its length
   * @param sha256 in lower-case hexadecimal
   */
  public record StoredFile(long bytes, String sha256) {
    public StoredFile {
      Objects.requireNonNull(sha256, "no sha256");
    }
  }

  public ModelMetadata {
    if (format < 1 || format > FORMAT) {
      throw new IllegalArgumentException(
          "it has format %d, this Tagstream reads up to %d".formatted(format, FORMAT));
    }
    Objects.requireNonNull(version, "no version");
    Objects.requireNonNull(parent, "no parent");
    files = Collections.unmodifiableMap(new TreeMap<>(Objects.requireNonNull(files, "no files")));
    for (String name : files.keySet()) {
      if (!FILE.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "it names the file '%s', which cannot be one of its own".formatted(name));
      }
    }
    Objects.requireNonNull(network, "no network");
    Objects.requireNonNull(preprocessing, "no preprocessing");
    Objects.requireNonNull(provenance, "no provenance");
    Objects.requireNonNull(verdict);
    if (preprocessing.crop() != network.inputSize()) {
      throw new IllegalArgumentException(
          "crops of %d for a network of %d".formatted(preprocessing.crop(), network.inputSize()));
    }
  }
}
