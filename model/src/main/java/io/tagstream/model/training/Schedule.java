package io.tagstream.model.training;

/** The schedule of the learning rate. */
public sealed interface Schedule {

  /**
   * The learning rate of a step.
   *
   * @param highest the optimizer's learning rate
   * @param step from 0
   * @param steps of the whole training
   * @param stall the stalls so far
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
   * A linear warm-up, then half a cosine down to 0.
   *
   * @param warmUp the warm-up's share of the steps
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
   * The paper's section 5: one rate for all layers, divided when the error on images set aside from
   * training stops falling.
   *
   * @param divisor divides the rate at each stall
   * @param patience epochs without a new lowest error that count as a stall
   * @param most the most divisions (three in the paper)
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
     * Updates the stalls after an epoch.
     *
     * @param error on the images set aside, 0 to 1
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
   * The stalls of a training so far.
   *
   * @param lowestError on the images set aside, 0 to 1
   * @param epochsSince epochs since that error, or since the last division
   * @param divisions of the rate so far
   */
  record Stall(double lowestError, int epochsSince, int divisions) {
    /** Before the first measurement. */
    public static final Stall NONE = new Stall(1, 0, 0);
  }
}
