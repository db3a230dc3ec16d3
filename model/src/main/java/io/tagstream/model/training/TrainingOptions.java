package io.tagstream.model.training;

import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What is asked of a training.
 *
 * @param epochs passes over the training images
 * @param batchSize images per step; with fc7 frozen each step is over all images
 * @param seed of the initialisation, the order, the crops, the flips and the dropout: the same
 *     seed, images and machine give the same weights
 * @param optimizer how steps are made; with fc7 frozen they need none of its settings
 * @param network what to train when there is no parent; the class count becomes that of the images
 * @param initialisation its first weights
 * @param parent the version whose network, preprocessing and weights are the start instead
 * @param freezeTo what stays as it is; nothing by default
 */
public record TrainingOptions(
    int epochs,
    int batchSize,
    long seed,
    Optimizer optimizer,
    NetworkDescription network,
    Initialisation initialisation,
    Optional<String> parent,
    Optional<FreezeTo> freezeTo) {

  public TrainingOptions {
    Objects.requireNonNull(optimizer);
    Objects.requireNonNull(network);
    Objects.requireNonNull(initialisation);
    Objects.requireNonNull(parent);
    Objects.requireNonNull(freezeTo);
    if (epochs < 1 || batchSize < 1) {
      throw new IllegalArgumentException(
          "a training needs epochs and a batch size of 1 or more: %d, %d"
              .formatted(epochs, batchSize));
    }
  }

  /**
   * What a user gets who sets only these: AlexNet with He's initialisation, Adam at 3e-4 with
   * batches of 32 for 30 epochs; with fc7 frozen 100 epochs, which are quick and enough.
   */
  public static TrainingOptions defaults(
      long seed, Optional<String> parent, Optional<FreezeTo> freezeTo) {
    return new TrainingOptions(
        freezeTo.equals(Optional.of(FreezeTo.FC7)) ? 100 : 30,
        32,
        seed,
        new Optimizer.Adam(3e-4),
        NetworkDescription.alexNet(1),
        Initialisation.HE,
        parent,
        freezeTo);
  }

  /** The same with another number of epochs. */
  public TrainingOptions withEpochs(int number) {
    return new TrainingOptions(
        number, batchSize, seed, optimizer, network, initialisation, parent, freezeTo);
  }

  /** For the provenance: what decided the weights beside the seed. */
  Map<String, String> hyperParameters() {
    Map<String, String> parameters = new TreeMap<>();
    parameters.put("epochs", Integer.toString(epochs));
    freezeTo.ifPresent(
        layer -> parameters.put("freezeTo", layer.toString().toLowerCase(Locale.ROOT)));
    if (parent.isEmpty()) {
      parameters.put("initialisation", initialisation.toString().toLowerCase(Locale.ROOT));
    }
    if (!freezeTo.equals(Optional.of(FreezeTo.FC7))) {
      parameters.put("batchSize", Integer.toString(batchSize));
      parameters.put("optimizer", optimizer.toString());
      parameters.put("schedule", "linear rise over a twentieth, then cosine to 0");
      parameters.put("augmentation", "random crop, flip");
    }
    return parameters;
  }
}
