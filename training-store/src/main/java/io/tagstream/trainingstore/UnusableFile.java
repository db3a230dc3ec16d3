package io.tagstream.trainingstore;

import java.util.Objects;

/**
 * A visible file of the training store that is left out: cut short, or not one of the store's.
 *
 * @param reason why, for a person
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
