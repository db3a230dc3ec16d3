package io.tagstream.model.training;

/**
 * How far a run has come; with what the training step saves, all that its next steps depend on.
 *
 * @param steps done
 * @param lossSum over the images of the epoch under way, of their steps' losses
 * @param lossImages images in that sum
 */
record RunPosition(
    long steps, double lossSum, long lossImages, Schedule.Stall stall, TrainingHistory history) {

  static final RunPosition START =
      new RunPosition(0, 0, 0, Schedule.Stall.NONE, TrainingHistory.empty());

  RunPosition after(double loss, int images) {
    return new RunPosition(steps + 1, lossSum + loss * images, lossImages + images, stall, history);
  }

  RunPosition afterEpoch(TrainingHistory.Epoch epoch, Schedule.Stall seen) {
    return new RunPosition(steps, 0, 0, seen, history.with(epoch));
  }

  double meanLoss() {
    return lossSum / lossImages;
  }
}
