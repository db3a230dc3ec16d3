package io.tagstream.model.ablation;

import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.LayerTable;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.report.AblationReport;
import io.tagstream.model.training.Augmentation;
import io.tagstream.model.training.InputScaling;
import io.tagstream.model.training.Recipe;
import io.tagstream.model.training.Schedule;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A network and its recipe.
 *
 * @param name short, as in {@code --json}
 * @param words how it differs from the paper's network
 */
public record Variant(String name, String words, NetworkDescription network, Recipe recipe) {
  /** The variant with all of the paper's ideas. */
  static final String PAPER = "paper";

  static final String RELU = "relu";
  static final String TANH = "tanh";

  private static final int BATCH = 32;

  private static final double MOMENTUM = 0.9;

  /** Adjacent pooling windows, which do not overlap. */
  private static final MaxPool ADJACENT = new MaxPool(2, 2, 0);

  /**
   * One of figure 1's two networks, trained as in the paper: its input scaling, initial weights and
   * optimizer, a constant learning rate, and no regularisation, that is without dropout, weight
   * decay and augmentation.
   */
  static Variant ofFigure1(Activation activation, double rate, double width, int epochs) {
    NetworkDescription network =
        withDense(
            NetworkDescription.alexNet(1, width)
                .withConvolutions(layer -> layer.withActivation(activation)),
            layer ->
                new Dense(
                    layer.name(),
                    layer.units(),
                    layer.activation() == Activation.IDENTITY ? layer.activation() : activation,
                    0));
    return new Variant(
        activation == Activation.RELU ? RELU : TANH,
        "%s, no regularisation, rate %s"
            .formatted(activation == Activation.RELU ? "ReLU" : "tanh", rateText(rate)),
        network,
        recipe(
            InputScaling.CENTRED,
            Initialisation.PAPER,
            new Optimizer.Sgd(rate, MOMENTUM, 0),
            new Schedule.Constant(),
            new Augmentation.CentreCrop(0),
            epochs));
  }

  /** The paper's network, and the variants that each lack one of its ideas. */
  static List<Variant> ofTable(double width, int epochs) {
    NetworkDescription paper = NetworkDescription.alexNet(1, width);
    Recipe recipe = recipe(Augmentation.PAPER, epochs);
    return List.of(
        new Variant(PAPER, "all of the paper's ideas", paper, recipe),
        new Variant(
            "no-overlap",
            "pooling windows of 2 every 2 pixels instead of 3 every 2",
            paper.withConvolutions(layer -> layer.withPool(layer.pool().map(pool -> ADJACENT))),
            recipe),
        new Variant(
            "no-lrn",
            "no local response normalisation",
            paper.withConvolutions(layer -> layer.withNormalization(Optional.empty())),
            recipe),
        new Variant(
            "no-dropout",
            "no dropout",
            withDense(
                paper, layer -> new Dense(layer.name(), layer.units(), layer.activation(), 0)),
            recipe),
        new Variant(
            "no-crops",
            "the centre of every image, never mirrored",
            paper,
            recipe(new Augmentation.CentreCrop(colorDeviation()), epochs)),
        new Variant(
            "no-color",
            "no change of colours along their principal components",
            paper,
            recipe(new Augmentation.PaperCrops(0), epochs)),
        new Variant(
            "one-group",
            "every map reads all maps below it",
            paper.withConvolutions(layer -> layer.withGroups(1)),
            recipe));
  }

  /**
   * The cost of the network.
   *
   * @param secondsPerThousand seconds of training per thousand image-steps
   */
  AblationReport.Cost cost(int classes, double secondsPerThousand) {
    LayerTable table = LayerTable.of(network.withClasses(classes));
    return new AblationReport.Cost(
        name, words, table.parameters(), table.multiplyAdds(), secondsPerThousand);
  }

  /** Formats a learning rate without an exponent. */
  public static String rateText(double rate) {
    return BigDecimal.valueOf(rate).stripTrailingZeros().toPlainString();
  }

  private static double colorDeviation() {
    return ((Augmentation.PaperCrops) Augmentation.PAPER).colorDeviation();
  }

  /**
   * On a thousand images this recipe reaches a lower error than the paper's learning rate and
   * initial weights.
   */
  private static Recipe recipe(Augmentation augmentation, int epochs) {
    return recipe(
        InputScaling.STANDARDISED,
        Initialisation.HE,
        new Optimizer.Adam(3e-4),
        new Schedule.WarmUpThenCosine(0.05),
        augmentation,
        epochs);
  }

  private static Recipe recipe(
      InputScaling pixels,
      Initialisation initialisation,
      Optimizer optimizer,
      Schedule schedule,
      Augmentation augmentation,
      int epochs) {
    return new Recipe(
        "ablation",
        Recipe.Start.AFRESH,
        pixels,
        initialisation,
        optimizer,
        schedule,
        BATCH,
        0,
        Optional.empty(),
        augmentation,
        new Recipe.Length.Epochs(epochs));
  }

  private static NetworkDescription withDense(
      NetworkDescription network, UnaryOperator<Dense> change) {
    return new NetworkDescription(
        network.inputSize(), network.convolutions(), network.dense().stream().map(change).toList());
  }
}
