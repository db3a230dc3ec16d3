package io.tagstream.model.samediff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.training.Optimizer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ParameterUpdateTest {

  /** By hand: v = -0.1 * 0.5 * 2 - 0.5 * 1 = -0.6; then 0.9 * -0.6 - 0.05 * 1.4 - 0.5 * -2. */
  @Test
  void momentumIsTheClassicalOne() {
    INDArray parameter = Nd4j.createFromArray(2f);
    try (ParameterUpdate update = ParameterUpdate.of(new Optimizer.Sgd(0.5, 0.9, 0.1), parameter)) {
      update.apply(Nd4j.createFromArray(1f), 0.5);
      assertThat(parameter.getFloat(0)).isCloseTo(1.4f, within(1e-6f));
      update.apply(Nd4j.createFromArray(-2f), 0.5);
      assertThat(parameter.getFloat(0)).isCloseTo(1.4f + 0.39f, within(1e-6f));
    }
  }

  /**
   * Worked out from the paper's algorithm: the first step is the rate against the slope's sign
   * whatever its size; the second, after slopes 3 and -1, has m = 0.17 / 0.19, v = 0.009991 /
   * 0.001999.
   */
  @Test
  void adamCorrectsItsBias() {
    INDArray parameter = Nd4j.createFromArray(1f, 1f);
    try (ParameterUpdate update = ParameterUpdate.of(new Optimizer.Adam(0.01), parameter)) {
      update.apply(Nd4j.createFromArray(3f, -1e-3f), 0.01);
      assertThat(parameter.getFloat(0)).isCloseTo(0.99f, within(1e-6f));
      assertThat(parameter.getFloat(1)).isCloseTo(1.01f, within(1e-6f));
      update.apply(Nd4j.createFromArray(-1f, -1e-3f), 0.01);
      double moved = 0.01 * (0.17 / 0.19) / Math.sqrt(0.009991 / 0.001999);
      assertThat(parameter.getFloat(0)).isCloseTo((float) (0.99 - moved), within(1e-6f));
    }
  }

  @Test
  void reachesEveryNumberWhateverTheGradientsOrder() {
    INDArray parameter = Nd4j.zeros(org.nd4j.linalg.api.buffer.DataType.FLOAT, 3, 3001);
    INDArray gradient = Nd4j.createUninitialized(parameter.dataType(), 3001, 3);
    for (int i = 0; i < gradient.length(); i++) {
      gradient.data().put(i, i);
    }
    try (ParameterUpdate update = ParameterUpdate.of(new Optimizer.Sgd(1, 0, 0), parameter)) {
      update.apply(gradient.transpose(), 1);
    }
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3001; column++) {
        assertThat(parameter.getFloat(row, column)).isEqualTo(-(column * 3 + row));
      }
    }
  }
}
