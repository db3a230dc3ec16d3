package io.tagstream.job.trainingstore;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Objects;

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

  public StoreFile {
    Objects.requireNonNull(name);
    parts = List.copyOf(parts);
  }
}
