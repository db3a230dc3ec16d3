package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.Optimizer;

/** An optimizer's step for a block of numbers on the heap. */
interface UpdateRule {

  static UpdateRule of(Optimizer optimizer) {
    return optimizer instanceof Optimizer.Sgd sgd ? new Momentum(sgd) : new Adam();
  }

  /** How many numbers are kept for each that trains, 0 at first. */
  int states();

  /**
   * What is the same for all numbers of a step.
   *
   * @param step steps before this one
   */
  Block begin(double learningRate, long step);

  /** Moves numbers in one step. */
  interface Block {
    void move(float[] values, float[] slopes, float[][] states, int length);
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
      return (values, slopes, states, length) -> {
        float[] velocity = states[0];
        for (int i = 0; i < length; i++) {
          velocity[i] = momentum * velocity[i] - decay * values[i] - rate * slopes[i];
          values[i] += velocity[i];
        }
      };
    }
  }

  /** Kingma and Ba's algorithm 1 (2015), its two corrections of the bias included. */
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
      return (values, slopes, states, length) -> {
        float[] first = states[0];
        float[] second = states[1];
        for (int i = 0; i < length; i++) {
          first[i] += (1 - FIRST_DECAY) * (slopes[i] - first[i]);
          second[i] += (1 - SECOND_DECAY) * (slopes[i] * slopes[i] - second[i]);
          values[i] -= rate * first[i] / ((float) Math.sqrt(second[i] * secondScale) + EPSILON);
        }
      };
    }
  }
}
