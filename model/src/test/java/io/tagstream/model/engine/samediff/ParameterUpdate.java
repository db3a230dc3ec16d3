package io.tagstream.model.engine.samediff;

import io.tagstream.model.engine.Optimizer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An optimizer's state for one parameter, and its update in one pass over heap copies of blocks:
 * the JVM vectorises loops over arrays, not over buffers.
 */
abstract class ParameterUpdate implements AutoCloseable {
  private static final int BLOCK = 4096;

  private final INDArray parameter;
  private final List<INDArray> states;
  private final float[] values = new float[BLOCK];
  private final float[] gradientBlock = new float[BLOCK];
  private final float[][] kept;

  private ParameterUpdate(INDArray parameter, int states) {
    this.parameter = parameter;
    this.states =
        Stream.generate(() -> Nd4j.zeros(DataType.FLOAT, parameter.length()))
            .limit(states)
            .toList();
    this.kept = new float[states][BLOCK];
  }

  static ParameterUpdate of(Optimizer optimizer, INDArray parameter) {
    if (optimizer instanceof Optimizer.Sgd sgd) {
      return new Momentum(parameter, sgd);
    }
    return new AdamMoments(parameter);
  }

  /**
   * Updates the parameter.
   *
   * @param gradient of the parameter's shape
   */
  final void apply(INDArray gradient, double learningRate) {
    begin(learningRate);
    boolean plain = gradient.ordering() == 'c' && !gradient.isView();
    INDArray contiguous = plain ? gradient : gradient.dup('c');
    FloatBuffer to = SameDiffGradients.floats(parameter);
    FloatBuffer from = SameDiffGradients.floats(contiguous);
    List<FloatBuffer> memory = states.stream().map(SameDiffGradients::floats).toList();
    for (int at = 0; at < to.capacity(); at += BLOCK) {
      int length = Math.min(BLOCK, to.capacity() - at);
      to.get(at, values, 0, length);
      from.get(at, gradientBlock, 0, length);
      for (int i = 0; i < kept.length; i++) {
        memory.get(i).get(at, kept[i], 0, length);
      }
      move(values, gradientBlock, kept, length);
      to.put(at, values, 0, length);
      for (int i = 0; i < kept.length; i++) {
        memory.get(i).put(at, kept[i], 0, length);
      }
    }
    if (!plain) {
      contiguous.close();
    }
  }

  /** Computes the values that all numbers of a step share. */
  abstract void begin(double learningRate);

  abstract void move(float[] values, float[] gradient, float[][] kept, int length);

  @Override
  public final void close() {
    states.forEach(INDArray::close);
  }

  private static final class Momentum extends ParameterUpdate {
    private final float momentum;
    private final double weightDecay;
    private float rate;
    private float decay;

    Momentum(INDArray parameter, Optimizer.Sgd sgd) {
      super(parameter, 1);
      momentum = (float) sgd.momentum();
      weightDecay = sgd.weightDecay();
    }

    @Override
    void begin(double learningRate) {
      rate = (float) learningRate;
      decay = (float) (learningRate * weightDecay);
    }

    @Override
    void move(float[] values, float[] gradient, float[][] kept, int length) {
      float[] velocity = kept[0];
      for (int i = 0; i < length; i++) {
        velocity[i] = momentum * velocity[i] - decay * values[i] - rate * gradient[i];
        values[i] += velocity[i];
      }
    }
  }

  private static final class AdamMoments extends ParameterUpdate {
    private static final float FIRST_DECAY = 0.9f;
    private static final float SECOND_DECAY = 0.999f;
    private static final float EPSILON = 1e-8f;

    private int steps;
    private float rate;
    private float secondScale;

    AdamMoments(INDArray parameter) {
      super(parameter, 2);
    }

    @Override
    void begin(double learningRate) {
      steps++;
      rate = (float) (learningRate / (1 - Math.pow(FIRST_DECAY, steps)));
      secondScale = (float) (1 / (1 - Math.pow(SECOND_DECAY, steps)));
    }

    @Override
    void move(float[] values, float[] gradient, float[][] kept, int length) {
      float[] first = kept[0];
      float[] second = kept[1];
      for (int i = 0; i < length; i++) {
        first[i] += (1 - FIRST_DECAY) * (gradient[i] - first[i]);
        second[i] += (1 - SECOND_DECAY) * (gradient[i] * gradient[i] - second[i]);
        values[i] -= rate * first[i] / ((float) Math.sqrt(second[i] * secondScale) + EPSILON);
      }
    }
  }
}
