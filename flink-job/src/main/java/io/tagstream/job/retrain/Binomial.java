package io.tagstream.job.retrain;

/** The binomial distribution. */
final class Binomial {
  private Binomial() {}

  /**
   * The probability of at most so many successes in independent trials.
   *
   * @param probability of one success, 0 to 1
   */
  static double atMost(int successes, int trials, double probability) {
    if (successes >= trials || probability <= 0) {
      return 1;
    }
    if (probability >= 1) {
      return 0;
    }
    double odds = Math.log(probability) - Math.log1p(-probability);
    double logTerm = trials * Math.log1p(-probability);
    double sum = Math.exp(logTerm);
    for (int k = 1; k <= successes; k++) {
      // Logarithms, since the first terms of many trials are below the smallest double.
      logTerm += Math.log((double) (trials - k + 1) / k) + odds;
      sum += Math.exp(logTerm);
    }
    return Math.min(1, sum);
  }
}
