package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.Optimizer;

/** An optimizer's update of a block of numbers on the heap. */
interface UpdateRule {

  static UpdateRule of(Optimizer optimizer) {
    return optimizer instanceof Optimizer.Sgd sgd ? new Momentum(sgd) : new Adam();
  }

  /** Numbers of state for each trainable number; they start at 0. */
  int states();

  /**
   * The update of one step, with all that is the same for every number.
   *
   * @param step number of steps before this one
   */
  Block begin(double learningRate, long step);

  /** Updates numbers by one step. */
  interface Block {
    void move(float[] values, float[] gradient, float[][] states, int length);
  }

  /** Classical momentum as the paper's section 5 writes it. */
  record Momentum(Optimizer.Sgd sgd) implements UpdateRule {
    @Override
    public int states() {
      return 1;
    }

    @Override
    public Block begin(double learningRate, long step) {
      float momentum = (float) sgd.momentum();
      float rate = (float) learningRate;
      float decay = (float) (learningRate * sgd.weightDecay());
      return (values, gradient, states, length) -> {
        float[] velocity = states[0];
        for (int i = 0; i < length; i++) {
          velocity[i] = momentum * velocity[i] - decay * values[i] - rate * gradient[i];
          values[i] += velocity[i];
        }
      };
    }
  }

  /** Kingma and Ba's algorithm 1 (2015), with both bias corrections. */
  record Adam() implements UpdateRule {
    private static final float FIRST_DECAY = 0.9f;
    private static final float SECOND_DECAY = 0.999f;
    private static final float EPSILON = 1e-8f;

    @Override
    public int states() {
      return 2;
    }

    @Override
    public Block begin(double learningRate, long step) {
      float rate = (float) (learningRate / (1 - Math.pow(FIRST_DECAY, step + 1.0)));
      float secondScale = (float) (1 / (1 - Math.pow(SECOND_DECAY, step + 1.0)));
      return (values, gradient, states, length) -> {
        float[] first = states[0];
        float[] second = states[1];
        for (int i = 0; i < length; i++) {
          first[i] += (1 - FIRST_DECAY) * (gradient[i] - first[i]);
          second[i] += (1 - SECOND_DECAY) * (gradient[i] * gradient[i] - second[i]);
          values[i] -= rate * first[i] / ((float) Math.sqrt(second[i] * secondScale) + EPSILON);
        }
      };
    }
  }
}
