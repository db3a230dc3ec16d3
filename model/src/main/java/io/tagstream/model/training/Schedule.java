package io.tagstream.model.training;

/** The learning rate over a training. */
public sealed interface Schedule {

  /**
   * The rate of a step.
   *
   * @param highest the optimizer's
   * @param step from 0
   * @param steps of the whole training
   * @param stall what was seen of stalling so far
   */
  double rate(double highest, long step, long steps, Stall stall);

  /** The same rate throughout. */
  record Constant() implements Schedule {
    @Override
    public double rate(double highest, long step, long steps, Stall stall) {
      return highest;
    }

    @Override
    public String toString() {
      return "constant";
    }
  }

  /**
   * A linear rise, then half a cosine down to 0.
   *
   * @param warmUp the rise's share of the steps
   */
  record WarmUpThenCosine(double warmUp) implements Schedule {
    public WarmUpThenCosine {
      if (!(warmUp >= 0 && warmUp < 1)) {
        throw new IllegalArgumentException("a warm-up is a share of the steps: " + warmUp);
      }
    }

    @Override
    public double rate(double highest, long step, long steps, Stall stall) {
      double rise = Math.ceil(warmUp * steps);
      if (step < rise) {
        return highest * (step + 1) / rise;
      }
      double progress = (step - rise) / Math.max(1, steps - rise);
      return highest * (1 + Math.cos(Math.PI * progress)) / 2;
    }

    @Override
    public String toString() {
      return "linear rise over %s of the steps, then cosine to 0".formatted(warmUp);
    }
  }

  /**
   * The paper's section 5: one rate for all layers, divided when the error on images that do not
   * train stops falling.
   *
   * @param divisor what the rate is divided by
   * @param patience epochs without a new lowest error that count as a stall
   * @param most divisions at most (the paper made three)
   */
  record DividedOnStall(double divisor, int patience, int most) implements Schedule {
    public DividedOnStall {
      if (!(divisor > 1) || patience < 1 || most < 1) {
        throw new IllegalArgumentException(
            "a stall rule needs a divisor above 1, patience and divisions: %s, %d, %d"
                .formatted(divisor, patience, most));
      }
    }

    @Override
    public double rate(double highest, long step, long steps, Stall stall) {
      return highest / Math.pow(divisor, stall.divisions());
    }

    /**
     * What an epoch adds.
     *
     * @param error on the watched images, 0 to 1
     */
    Stall after(Stall before, double error) {
      if (error < before.lowestError()) {
        return new Stall(error, 0, before.divisions());
      }
      int epochs = before.epochsSince() + 1;
      if (epochs < patience || before.divisions() == most) {
        return new Stall(before.lowestError(), epochs, before.divisions());
      }
      return new Stall(before.lowestError(), 0, before.divisions() + 1);
    }

    @Override
    public String toString() {
      return "divided by %s after %d epochs without a lower error on a tenth of the training images, at most %d times"
          .formatted(divisor, patience, most);
    }
  }

  /**
   * What a training has seen of stalling.
   *
   * @param lowestError on the watched images, 0 to 1
   * @param epochsSince epochs since that error, or since the last division
   * @param divisions of the rate so far
   */
  record Stall(double lowestError, int epochsSince, int divisions) {
    /** Nothing was measured yet. */
    public static final Stall NONE = new Stall(1, 0, 0);
  }
}
