package io.tagstream.model.training;

/**
 * A linear rise over the first twentieth of the steps, then half a cosine down to 0.
 *
 * @param highest the rate after the rise
 */
record LearningRateSchedule(double highest, long steps) {
  private static final double WARM_UP = 0.05;

  /**
   * @param step from 0
   */
  double at(long step) {
    double warmUp = Math.ceil(WARM_UP * steps);
    if (step < warmUp) {
      return highest * (step + 1) / warmUp;
    }
    double progress = (step - warmUp) / Math.max(1, steps - warmUp);
    return highest * (1 + Math.cos(Math.PI * progress)) / 2;
  }
}
