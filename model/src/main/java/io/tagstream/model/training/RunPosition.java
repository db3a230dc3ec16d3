package io.tagstream.model.training;

/**
 * The position of a run. Together with the state of the training step, all that its next steps
 * depend on.
 *
 * @param steps steps done
 * @param lossSum the sum of the losses of the current epoch's images
 * @param lossImages the number of images in that sum
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
