package io.tagstream.model.serving;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import java.util.List;

/**
 * Computed images, always the same, for which a model must predict probabilities before it may
 * serve: activations can overflow even if all weights are finite and of the right shape.
 */
final class GoldenImages {
  /** More than the rounding error of the sum of a thousand probabilities. */
  private static final double TOLERANCE = 1e-3;

  private static final int SQUARES = 8;

  /**
   * Images per pass. ND4J's ops take as long for one image as for two; more would delay the
   * stream's micro-batches, between which the pass runs.
   */
  private static final int PAIR = 2;

  private GoldenImages() {}

  /**
   * Checks the model's predictions.
   *
   * @param throttle runs the passes, and pauses between them
   * @throws ModelException if an output is not a probability for each class
   */
  static void require(LoadedModel model, Throttle throttle) {
    List<byte[]> images = images(model.bundle().preprocessing().crop());
    try (Engine engine = model.newEngine(PAIR)) {
      for (int first = 0; first < images.size(); first += PAIR) {
        int number = first + 1;
        List<byte[]> pair = images.subList(first, first + PAIR);
        throttle.pass(
            () -> {
              float[][] probabilities = engine.probabilities(pair, 1);
              for (int i = 0; i < PAIR; i++) {
                require(probabilities[i], number + i, model);
              }
            });
        throttle.pause();
      }
    }
  }

  private static void require(float[] probabilities, int number, LoadedModel model) {
    double sum = 0;
    for (int i = 0; i < probabilities.length; i++) {
      // The negation makes NaN fail.
      if (!(probabilities[i] >= 0 && probabilities[i] <= 1 + TOLERANCE)) {
        throw new ModelException(
            "model %s cannot serve: its probability of %s for golden image %d is %s"
                .formatted(
                    model.bundle().version(),
                    model.bundle().labels().get(i),
                    number,
                    probabilities[i]));
      }
      sum += probabilities[i];
    }
    if (!(Math.abs(sum - 1) <= TOLERANCE)) {
      throw new ModelException(
          "model %s cannot serve: its probabilities for golden image %d sum to %s"
              .formatted(model.bundle().version(), number, sum));
    }
  }

  /** The extremes of a byte, ramps, hard edges, pure colours and noise: {@code [S][S][3]} each. */
  private static List<byte[]> images(int side) {
    byte[] black = new byte[side * side * 3];
    byte[] white = new byte[black.length];
    byte[] ramps = new byte[black.length];
    byte[] squares = new byte[black.length];
    byte[] bands = new byte[black.length];
    byte[] noise = new byte[black.length];
    int state = 1;
    int at = 0;
    for (int row = 0; row < side; row++) {
      for (int column = 0; column < side; column++) {
        int[] ramp = {row, column, side - 1 - row};
        for (int color = 0; color < 3; color++) {
          white[at] = (byte) 255;
          ramps[at] = (byte) (255 * ramp[color] / side);
          squares[at] = (byte) ((row / SQUARES + column / SQUARES + color) % 2 * 255);
          bands[at] = (byte) (row / SQUARES % 3 == color ? 255 : 0);
          // Knuth's constants of a linear congruential generator modulo 2^32; its high bits are
          // random.
          state = state * 1664525 + 1013904223;
          noise[at] = (byte) (state >>> 24);
          at++;
        }
      }
    }
    return List.of(black, white, ramps, squares, bands, noise);
  }
}
