package io.tagstream.model.ablation;

import io.tagstream.model.network.Activation;
import java.util.List;
import java.util.stream.LongStream;

/**
 * What an ablation trains.
 *
 * @param table whether the ideas beside ReLU are tried as well
 * @param seeds of how many trainings each variant has
 * @param width factor on feature maps and units of the paper's network
 * @param figureEpochs of each training of figure 1's
 * @param tableEpochs of each of the others
 */
public record AblationPlan(
    boolean table, int seeds, double width, int figureEpochs, int tableEpochs) {
  /** The paper's 0.01, for batches of 128, and what smaller batches want of it. */
  private static final List<Double> RATES = List.of(0.001, 0.003, 0.01);

  /** The quick run's, for both: with it ReLU is about as quick as it gets. */
  private static final double QUICK_RATE = 0.003;

  public AblationPlan {
    if (seeds < 1 || !(width > 0 && width <= 1) || figureEpochs < 1 || tableEpochs < 1) {
      throw new IllegalArgumentException(
          "an ablation needs seeds, a width up to 1 and epochs: %d, %s, %d, %d"
              .formatted(seeds, width, figureEpochs, tableEpochs));
    }
  }

  /** The rates at which each activation is tried; the best one's runs count. */
  List<Double> rates() {
    return table ? RATES : List.of(QUICK_RATE);
  }

  Variant ofFigure1(Activation activation, double rate) {
    return Variant.ofFigure1(activation, rate, width, figureEpochs);
  }

  List<Variant> ofTable() {
    return table ? Variant.ofTable(width, tableEpochs) : List.of();
  }

  List<Comparison> comparisons() {
    return table ? Comparison.ALL : Comparison.QUICK;
  }

  /** From 1. */
  List<Long> allSeeds() {
    return LongStream.rangeClosed(1, seeds).boxed().toList();
  }

  /** Trainings in all. */
  public int runs() {
    int figure = 2 * (rates().size() + seeds - 1);
    return figure + seeds * ofTable().size();
  }

  /** Epochs in all. */
  public long epochs() {
    int ofTable = seeds * ofTable().size();
    return (long) (runs() - ofTable) * figureEpochs + (long) ofTable * tableEpochs;
  }
}
