package io.tagstream.trainingstore;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A finished file of the training store. It never changes.
 *
 * @param name in the store's folder
 * @param parts the files whose rows it contains, in order: only itself, unless it was merged
 */
// Empty lists too: a reader rejects a missing one.
@JsonInclude(JsonInclude.Include.ALWAYS)
public record StoreFile(String name, long rows, long bytes, List<Part> parts) {

  /**
   * The origin of rows, which merging files does not change.
   *
   * @param name the file in which they first became visible
   */
  public record Part(String name, long rows) {
    public Part {
      Objects.requireNonNull(name);
    }
  }

  /** Excludes paths that lead out of the store's folder, and hidden files. */
  private static final Pattern NAME =
      Pattern.compile("[^./\\\\\\p{Cntrl}][^/\\\\\\p{Cntrl}]{0,254}");

  public StoreFile {
    Objects.requireNonNull(name);
    if (!isName(name)) {
      throw new IllegalArgumentException(
          "it names the file '%s', which is not a valid name in the store".formatted(name));
    }
    parts = List.copyOf(parts);
  }

  /** Whether a name is valid for a file of the store. */
  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }
}
