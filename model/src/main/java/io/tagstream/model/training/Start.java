package io.tagstream.model.training;

import io.tagstream.model.network.Dense;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.Preprocessing;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a training begins with: a parent, or a network drawn from a seed.
 *
 * @param labels in class order: the parent's where they are the same, so that its last layer fits
 */
record Start(Optional<ModelBundle> parent, NetworkDescription network, List<String> labels) {

  static Start of(Optional<ModelBundle> parent, TrainingOptions options, List<String> folders) {
    NetworkDescription network = parent.map(ModelBundle::network).orElse(options.network());
    List<String> labels =
        parent
            .map(ModelBundle::labels)
            .filter(known -> new HashSet<>(known).equals(new HashSet<>(folders)))
            .orElse(folders);
    return new Start(parent, network.withClasses(labels.size()), labels);
  }

  /** The parent's; else the paper's resize and crop in proportion, mean and deviation unknown. */
  Preprocessing geometry() {
    return parent
        .map(ModelBundle::preprocessing)
        .orElseGet(
            () ->
                new Preprocessing(
                    Math.round(network.inputSize() * 256f / 227),
                    network.inputSize(),
                    Preprocessing.ChannelOrder.RGB,
                    1.0 / 255,
                    List.of(0.0, 0.0, 0.0),
                    List.of(1.0, 1.0, 1.0)));
  }

  /** The parent's weights with, where the classes are others, a new last layer; else drawn ones. */
  Weights weights(TrainingOptions options) {
    if (parent.isEmpty()) {
      return options.initialisation().draw(network, options.seed());
    }
    Weights inherited = parent.get().weights();
    if (parent.get().labels().equals(labels)) {
      return inherited;
    }
    Dense last = network.dense().get(network.dense().size() - 1);
    Weights drawn = options.initialisation().draw(network, options.seed());
    return replace(
        inherited,
        network,
        Map.of(
            last.name() + ".weight", drawn.get(last.name() + ".weight"),
            last.name() + ".bias", drawn.get(last.name() + ".bias")));
  }

  /**
   * Weights for a network, some of them new.
   *
   * @param network the old weights' own, or one that differs where the new ones are
   */
  static Weights replace(
      Weights old, NetworkDescription network, Map<String, FloatBuffer> replacements) {
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      FloatBuffer replacement = replacements.get(parameter.name());
      values.put(parameter.name(), replacement != null ? replacement : old.get(parameter.name()));
    }
    return new Weights(network, values);
  }
}
