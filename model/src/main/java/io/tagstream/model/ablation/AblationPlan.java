package io.tagstream.model.ablation;

import io.tagstream.model.network.Activation;
import java.util.List;
import java.util.stream.LongStream;

/**
 * The trainings of an ablation.
 *
 * @param table whether the ideas other than ReLU are compared too
 * @param seeds the number of trainings of each variant
 * @param width a factor on feature maps and units of the paper's network
 * @param figureEpochs epochs of each training of figure 1
 * @param tableEpochs epochs of each other training
 */
public record AblationPlan(
    boolean table, int seeds, double width, int figureEpochs, int tableEpochs) {
  /** The paper's 0.01, for batches of 128, and lower rates for smaller batches. */
  private static final List<Double> RATES = List.of(0.001, 0.003, 0.01);

  /** The rate of {@code --quick} for both activations; ReLU is about at its fastest with it. */
  private static final double QUICK_RATE = 0.003;

  public AblationPlan {
    if (seeds < 1 || !(width > 0 && width <= 1) || figureEpochs < 1 || tableEpochs < 1) {
      throw new IllegalArgumentException(
          "an ablation needs seeds, a width up to 1 and epochs: %d, %s, %d, %d"
              .formatted(seeds, width, figureEpochs, tableEpochs));
    }
  }

  /**
   * The learning rates that each activation is tried with; the runs of the best one are compared.
   */
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

  /** The seeds, from 1. */
  List<Long> allSeeds() {
    return LongStream.rangeClosed(1, seeds).boxed().toList();
  }

  /** The total number of trainings. */
  public int runs() {
    int figure = 2 * (rates().size() + seeds - 1);
    return figure + seeds * ofTable().size();
  }

  /** The total number of epochs. */
  public long epochs() {
    int ofTable = seeds * ofTable().size();
    return (long) (runs() - ofTable) * figureEpochs + (long) ofTable * tableEpochs;
  }
}
