package io.tagstream.trainingstore;

import java.util.List;
import java.util.Set;

/**
 * What the training store holds.
 *
 * @param files the finished ones, by name
 * @param unusable visible ones that are left out
 * @param merged visible ones that another stands for, and which are about to go
 */
public record Listing(List<StoreFile> files, List<UnusableFile> unusable, List<StoreFile> merged) {

  public Listing {
    files = List.copyOf(files);
    unusable = List.copyOf(unusable);
    merged = List.copyOf(merged);
  }

  /** Rows in all files: labels and withdrawals, also those that later rows replaced. */
  public long rows() {
    return files.stream().mapToLong(StoreFile::rows).sum();
  }

  /**
   * Rows that came since.
   *
   * @param seen the parts that runs read, as {@link RunManifest#parts} gives them
   */
  public long rowsBeside(Set<String> seen) {
    return files.stream()
        .flatMap(file -> file.parts().stream())
        .filter(part -> !seen.contains(part.name()))
        .mapToLong(StoreFile.Part::rows)
        .sum();
  }
}
