package io.tagstream.model.store;

import io.tagstream.model.network.NetworkDescription;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The content of {@code model.json}; each record component is a field. The names of the components,
 * here and in the nested records, are the file format: the tests hold a bundle of each released
 * format.
 *
 * <p>Absent values are omitted. Unknown fields are ignored when reading, so that a later release
 * may add fields; a change that would mislead an older reader raises {@link #FORMAT}.
 *
 * @param format {@link #FORMAT} of the release that wrote the file
 * @param parent the version that the model was trained from
 * @param files the bundle's other files, by name
 * @param verdict the gate's verdict; empty if no gate compared the model
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

  /** The format that this release writes, and the newest that it reads. */
  public static final int FORMAT = 1;

  /** No name that could lead out of the bundle's folder. */
  private static final Pattern FILE = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,99}");

  /**
   * A file of the bundle.
   *
   * @param bytes its length in bytes
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
          "it has format %d, but this Tagstream reads formats up to %d".formatted(format, FORMAT));
    }
    Objects.requireNonNull(version, "no version");
    Objects.requireNonNull(parent, "no parent");
    files = Collections.unmodifiableMap(new TreeMap<>(Objects.requireNonNull(files, "no files")));
    for (String name : files.keySet()) {
      if (!FILE.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "it lists the file '%s', which cannot be a bundle's file".formatted(name));
      }
    }
    Objects.requireNonNull(network, "no network");
    Objects.requireNonNull(preprocessing, "no preprocessing");
    Objects.requireNonNull(provenance, "no provenance");
    Objects.requireNonNull(verdict);
    if (preprocessing.crop() != network.inputSize()) {
      throw new IllegalArgumentException(
          "crops of %d pixels for a network with inputs of %d"
              .formatted(preprocessing.crop(), network.inputSize()));
    }
  }
}
