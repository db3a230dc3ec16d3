package io.tagstream.model.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.Workers;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class TrainedArrayTest {

  private static void move(
      TrainedArray array, UpdateRule rule, long step, double rate, double kept, float... gradient) {
    try (Workers workers = new Workers("test", 2)) {
      List<TrainedArray.Scratch> scratch =
          List.of(new TrainedArray.Scratch(rule.states()), new TrainedArray.Scratch(rule.states()));
      array.move(
          new TrainedArray.Move(rule.begin(rate, step), (float) kept, workers, scratch),
          FloatBuffer.wrap(gradient),
          0,
          0,
          gradient.length);
    }
  }

  /** By hand: v = -0.1 * 0.5 * 2 - 0.5 * 1 = -0.6; then 0.9 * -0.6 - 0.05 * 1.4 - 0.5 * -2. */
  @Test
  void momentumIsClassical() {
    INDArray values = Nd4j.createFromArray(2f);
    UpdateRule rule = UpdateRule.of(new Optimizer.Sgd(0.5, 0.9, 0.1));
    try (TrainedArray array = new TrainedArray(values, rule.states(), false)) {
      move(array, rule, 0, 0.5, 0, 1);
      assertThat(values.getFloat(0)).isCloseTo(1.4f, within(1e-6f));
      move(array, rule, 1, 0.5, 0, -2);
      assertThat(values.getFloat(0)).isCloseTo(1.4f + 0.39f, within(1e-6f));
    }
  }

  /**
   * From the paper's algorithm: the first update is the rate, against the sign of the gradient and
   * independent of its size; the second, after gradients 3 and -1, has m = 0.17 / 0.19, v =
   * 0.009991 / 0.001999.
   */
  @Test
  void adamCorrectsItsBias() {
    INDArray values = Nd4j.createFromArray(1f, 1f);
    UpdateRule rule = UpdateRule.of(new Optimizer.Adam(0.01));
    try (TrainedArray array = new TrainedArray(values, rule.states(), false)) {
      move(array, rule, 0, 0.01, 0, 3, -1e-3f);
      assertThat(values.getFloat(0)).isCloseTo(0.99f, within(1e-6f));
      assertThat(values.getFloat(1)).isCloseTo(1.01f, within(1e-6f));
      move(array, rule, 1, 0.01, 0, -1, -1e-3f);
      double moved = 0.01 * (0.17 / 0.19) / Math.sqrt(0.009991 / 0.001999);
      assertThat(values.getFloat(0)).isCloseTo((float) (0.99 - moved), within(1e-6f));
    }
  }

  /** By hand: from 2 by 0.25 towards 1.5, then towards 1. */
  @Test
  void theAverageFollows() {
    INDArray values = Nd4j.createFromArray(2f);
    UpdateRule rule = UpdateRule.of(new Optimizer.Sgd(1, 0, 0));
    try (TrainedArray array = new TrainedArray(values, rule.states(), true)) {
      move(array, rule, 0, 1, 0.75, 0.5f);
      assertThat(array.averageOrValues().getFloat(0)).isEqualTo(1.875f);
      move(array, rule, 1, 1, 0.75, 0.5f);
      assertThat(array.averageOrValues().getFloat(0)).isEqualTo(1.65625f);
    }
  }

  /** More numbers than the workers' parts, and not a multiple of a block. */
  @Test
  void everyNumberIsUpdatedOnce() {
    int count = 200_003;
    INDArray values = Nd4j.zeros(DataType.FLOAT, count);
    UpdateRule rule = UpdateRule.of(new Optimizer.Sgd(1, 0, 0));
    float[] gradient = new float[count];
    for (int i = 0; i < count; i++) {
      gradient[i] = i + 1;
    }
    try (TrainedArray array = new TrainedArray(values, rule.states(), false);
        Workers workers = new Workers("test", 2)) {
      List<TrainedArray.Scratch> scratch =
          List.of(new TrainedArray.Scratch(1), new TrainedArray.Scratch(1));
      TrainedArray.Move move = new TrainedArray.Move(rule.begin(1, 0), 0, workers, scratch);
      array.move(move, FloatBuffer.wrap(gradient), 0, 0, 70_000);
      array.move(move, FloatBuffer.wrap(gradient), 70_000, 70_000, count - 70_000);
      for (int i = 0; i < count; i++) {
        assertThat(values.getFloat(i)).isEqualTo(-gradient[i]);
      }
    }
  }
}
