package io.tagstream.trainingstore;

import java.util.List;
import java.util.Set;

/**
 * The files of the training store.
 *
 * @param files the finished files, by name
 * @param unusable visible files that are skipped
 * @param merged visible files that a merged file has replaced, and which will be deleted
 */
public record Listing(List<StoreFile> files, List<UnusableFile> unusable, List<StoreFile> merged) {

  public Listing {
    files = List.copyOf(files);
    unusable = List.copyOf(unusable);
    merged = List.copyOf(merged);
  }

  /** The number of rows in all files: labels and withdrawals, superseded ones included. */
  public long rows() {
    return files.stream().mapToLong(StoreFile::rows).sum();
  }

  /**
   * The number of rows outside given parts.
   *
   * @param seen the parts that runs have read, as in {@link RunManifest#parts}
   */
  public long rowsOutside(Set<String> seen) {
    return files.stream()
        .flatMap(file -> file.parts().stream())
        .filter(part -> !seen.contains(part.name()))
        .mapToLong(StoreFile.Part::rows)
        .sum();
  }
}
