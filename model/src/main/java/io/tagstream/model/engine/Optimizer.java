package io.tagstream.model.engine;

/** The rule that turns gradients into updates of the weights. */
public sealed interface Optimizer {

  /** The highest learning rate of the training, reached at the end of the warm-up. */
  double learningRate();

  /**
   * Classical momentum as the paper's section 5 writes it: {@code v <- momentum * v - decay * rate
   * * w - rate * g; w <- w + v}.
   */
  record Sgd(double learningRate, double momentum, double weightDecay) implements Optimizer {
    public Sgd {
      requirePositive(learningRate);
      if (!(momentum >= 0 && momentum < 1) || !(weightDecay >= 0)) {
        throw new IllegalArgumentException(
            "SGD needs 0 <= momentum < 1 and weight decay >= 0: %s, %s"
                .formatted(momentum, weightDecay));
      }
    }
  }

  /** Adam (Kingma and Ba, 2015) with decay rates of 0.9 and 0.999. */
  record Adam(double learningRate) implements Optimizer {
    public Adam {
      requirePositive(learningRate);
    }
  }

  private static void requirePositive(double learningRate) {
    if (!(learningRate > 0)) {
      throw new IllegalArgumentException("the learning rate must be above 0: " + learningRate);
    }
  }
}
