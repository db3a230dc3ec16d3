package io.tagstream.model.network;

import java.util.Objects;

/**
 * A fully connected layer. Its weights are {@code [units][inputs]}, the inputs in the order
 * channel, row, column if it follows a convolution.
 *
 * @param name the paper's: fc6, fc7, fc8
 * @param dropout the probability that a unit's output is set to zero in training (the paper's
 *     section 4.2); the other outputs are multiplied by 1 / (1 - dropout), so that serving needs no
 *     factor
 */
public record Dense(String name, int units, Activation activation, double dropout) {
  public Dense {
    Objects.requireNonNull(name);
    Objects.requireNonNull(activation);
    if (units < 1) {
      throw new IllegalArgumentException(name + ": needs at least one unit, not " + units);
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException(name + ": dropout must be in [0, 1): " + dropout);
    }
  }
}
