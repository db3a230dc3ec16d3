package io.tagstream.trainingstore;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A finished file of the training store. It never changes.
 *
 * @param name in the store's folder
 * @param parts the files whose rows it holds, in their order: itself, unless it was merged
 */
// Lists without elements too: a reader takes a missing one for a mistake.
@JsonInclude(JsonInclude.Include.ALWAYS)
public record StoreFile(String name, long rows, long bytes, List<Part> parts) {

  /**
   * Where rows came from, which stays when files are merged.
   *
   * @param name the file that they were first visible in
   */
  public record Part(String name, long rows) {
    public Part {
      Objects.requireNonNull(name);
    }
  }

  /** Nothing that could lead out of the store's folder, or is hidden in it. */
  private static final Pattern NAME =
      Pattern.compile("[^./\\\\\\p{Cntrl}][^/\\\\\\p{Cntrl}]{0,254}");

  public StoreFile {
    Objects.requireNonNull(name);
    if (!isName(name)) {
      throw new IllegalArgumentException(
          "it names the file '%s', which cannot be one of the store".formatted(name));
    }
    parts = List.copyOf(parts);
  }

  /** Whether a file of the store may be called so. */
  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }
}
