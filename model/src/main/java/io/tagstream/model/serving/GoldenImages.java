package io.tagstream.model.serving;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import java.util.List;

/**
 * Pictures, computed and always the same, that a model has to answer before it may serve: finite
 * weights of a fitting shape can still overflow on their way through the network.
 */
final class GoldenImages {
  /** What rounding may take from the sum of a thousand probabilities, with room to spare. */
  private static final double TOLERANCE = 1e-3;

  private static final int SQUARES = 8;

  /**
   * Pictures a pass: a single one takes ND4J's ops as long as two, and more would hold up the
   * images between whose batches the pass runs.
   */
  private static final int PAIR = 2;

  private GoldenImages() {}

  /**
   * Has the model answer.
   *
   * @param throttle runs the passes, and is asked for pauses
   * @throws ModelException when an answer is not a probability for each class
   */
  static void require(LoadedModel model, Throttle throttle) {
    List<byte[]> pictures = pictures(model.bundle().preprocessing().crop());
    try (Engine engine = model.newEngine(PAIR)) {
      for (int first = 0; first < pictures.size(); first += PAIR) {
        int number = first + 1;
        List<byte[]> pair = pictures.subList(first, first + PAIR);
        throttle.pass(
            () -> {
              float[][] answers = engine.probabilities(pair, 1);
              for (int i = 0; i < PAIR; i++) {
                require(answers[i], number + i, model);
              }
            });
        throttle.pause();
      }
    }
  }

  private static void require(float[] probabilities, int number, LoadedModel model) {
    double sum = 0;
    for (int i = 0; i < probabilities.length; i++) {
      // Written so that NaN fails.
      if (!(probabilities[i] >= 0 && probabilities[i] <= 1 + TOLERANCE)) {
        throw new ModelException(
            "model %s cannot serve: it answers %s as the probability of %s to golden image %d"
                .formatted(
                    model.bundle().version(),
                    probabilities[i],
                    model.bundle().labels().get(i),
                    number));
      }
      sum += probabilities[i];
    }
    if (!(Math.abs(sum - 1) <= TOLERANCE)) {
      throw new ModelException(
          "model %s cannot serve: its probabilities for golden image %d sum to %s"
              .formatted(model.bundle().version(), number, sum));
    }
  }

  /** The extremes of a byte, slopes, hard edges, pure colours and noise: {@code [S][S][3]} each. */
  private static List<byte[]> pictures(int side) {
    byte[] black = new byte[side * side * 3];
    byte[] white = new byte[black.length];
    byte[] slopes = new byte[black.length];
    byte[] squares = new byte[black.length];
    byte[] bands = new byte[black.length];
    byte[] noise = new byte[black.length];
    int state = 1;
    int at = 0;
    for (int row = 0; row < side; row++) {
      for (int column = 0; column < side; column++) {
        int[] slope = {row, column, side - 1 - row};
        for (int color = 0; color < 3; color++) {
          white[at] = (byte) 255;
          slopes[at] = (byte) (255 * slope[color] / side);
          squares[at] = (byte) ((row / SQUARES + column / SQUARES + color) % 2 * 255);
          bands[at] = (byte) (row / SQUARES % 3 == color ? 255 : 0);
          // Knuth's constants for a linear congruence modulo 2^32; the high bits are the good ones.
          state = state * 1664525 + 1013904223;
          noise[at] = (byte) (state >>> 24);
          at++;
        }
      }
    }
    return List.of(black, white, slopes, squares, bands, noise);
  }
}
