package io.tagstream.model.ablation;

import io.tagstream.model.image.Views;
import java.util.List;

/**
 * An idea of the paper and the two sides that are compared, with and without it.
 *
 * @param idea in words
 * @param paper the effect that the paper reports on ImageNet
 */
public record Comparison(String idea, String paper, Side with, Side without) {

  /**
   * One side of a comparison.
   *
   * @param name as in {@code --json}
   * @param variant the variant whose runs are used
   * @param views the views that they are evaluated with
   */
  public record Side(String name, String variant, Views views) {
    static Side of(String variant) {
      return new Side(variant, variant, Views.CENTER_AND_FLIP);
    }

    static Side of(Views views) {
      return new Side("views-" + views.count(), Variant.PAPER, views);
    }
  }

  /** The comparisons of {@code --quick}. */
  static final List<Comparison> QUICK =
      List.of(
          new Comparison(
              "ReLU instead of tanh, without regularisation",
              "no accuracy, but a sixth of the epochs (figure 1)",
              Side.of(Variant.RELU),
              Side.of(Variant.TANH)));

  /** All comparisons. */
  static final List<Comparison> ALL =
      List.of(
          QUICK.get(0),
          ofTable("local response normalisation", "1.4 points top-1, 1.2 top-5", "no-lrn"),
          ofTable("overlapping pooling", "0.4 points top-1, 0.3 top-5", "no-overlap"),
          ofTable("dropout", "without it the network overfits substantially", "no-dropout"),
          ofTable("random crops and mirror images", "without them it overfits", "no-crops"),
          ofTable("colours moved along their components", "over 1 point top-1", "no-color"),
          ofTable(
              "two groups instead of one",
              "1.7 points top-1, 1.2 top-5, against a network of half the kernels on one GPU",
              "one-group"),
          new Comparison(
              "the mirror image at the test too",
              "-",
              Side.of(Views.CENTER_AND_FLIP),
              Side.of(Views.CENTER)),
          new Comparison(
              "ten views at the test instead of one",
              "1.5 points top-1 (39.0 to 37.5)",
              Side.of(Views.TEN),
              Side.of(Views.CENTER)));

  private static Comparison ofTable(String idea, String paper, String without) {
    return new Comparison(idea, paper, Side.of(Variant.PAPER), Side.of(without));
  }
}
