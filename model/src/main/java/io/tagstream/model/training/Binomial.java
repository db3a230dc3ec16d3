package io.tagstream.model.training;

/**
 * The binomial distribution of the number of successes in {@code trials} independent trials. Exact:
 * terms are computed as logarithms, so that neither a large coefficient overflows nor a small power
 * underflows.
 *
 * @param trials 0 or more
 * @param probability the probability of success in each trial, 0 to 1
 */
public record Binomial(int trials, double probability) {

  public Binomial {
    if (trials < 0 || !(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException(
          "%d trials of probability %s".formatted(trials, probability));
    }
  }

  /** The probability of at least {@code successes} successes. */
  public double atLeast(int successes) {
    if (successes <= 0) {
      return 1;
    }
    if (successes > trials || probability == 0) {
      return 0;
    }
    if (probability == 1) {
      return 1;
    }
    double[] logs = new double[trials - successes + 1];
    double odds = Math.log(probability) - Math.log1p(-probability);
    logs[0] =
        logCoefficient(successes)
            + successes * Math.log(probability)
            + (trials - successes) * Math.log1p(-probability);
    double largest = logs[0];
    for (int i = 1; i < logs.length; i++) {
      int before = successes + i - 1;
      logs[i] = logs[i - 1] + odds + Math.log(trials - before) - Math.log(before + 1);
      largest = Math.max(largest, logs[i]);
    }
    double sum = 0;
    for (double log : logs) {
      sum += Math.exp(log - largest);
    }
    return Math.min(1, Math.exp(largest + Math.log(sum)));
  }

  /** The probability of at most {@code successes} successes. */
  public double atMost(int successes) {
    return new Binomial(trials, 1 - probability).atLeast(trials - successes);
  }

  /** The logarithm of the binomial coefficient. */
  private double logCoefficient(int successes) {
    double log = 0;
    for (int i = 1; i <= successes; i++) {
      log += Math.log(trials - successes + i) - Math.log(i);
    }
    return log;
  }
}
