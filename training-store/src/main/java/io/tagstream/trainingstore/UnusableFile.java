package io.tagstream.trainingstore;

import java.util.Objects;

/**
 * A visible file of the training store that is skipped: truncated, or not a training file.
 *
 * @param reason why, for the user
 */
public record UnusableFile(String name, String reason) {
  public UnusableFile {
    Objects.requireNonNull(name);
    Objects.requireNonNull(reason);
  }

  @Override
  public String toString() {
    return name + ": " + reason;
  }
}
