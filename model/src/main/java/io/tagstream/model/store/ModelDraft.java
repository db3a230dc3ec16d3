package io.tagstream.model.store;

import io.tagstream.model.ModelException;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A model that is about to become a version of a store.
 *
 * @param labels in class order
 * @param parent the version it was trained from
 * @param verdict what the gate said, where the model went through one
 * @param report the page about its training, {@code report.html}, where there was one
 */
public record ModelDraft(
    Weights weights,
    Preprocessing preprocessing,
    List<String> labels,
    Optional<String> parent,
    Provenance provenance,
    Optional<Verdict> verdict,
    Optional<String> report) {

  /**
   * @throws ModelException when labels, network and preprocessing do not fit together
   */
  public ModelDraft {
    Objects.requireNonNull(parent);
    Objects.requireNonNull(provenance);
    Objects.requireNonNull(verdict);
    Objects.requireNonNull(report);
    labels = List.copyOf(labels);
    NetworkDescription network = weights.network();
    if (labels.size() != network.classes()) {
      throw new ModelException(
          "%d labels for a network of %d classes".formatted(labels.size(), network.classes()));
    }
    for (int i = 0; i < labels.size(); i++) {
      String label = labels.get(i);
      if (label.isBlank() || label.lines().count() != 1) {
        throw new ModelException("label %d is blank or has several lines".formatted(i + 1));
      }
    }
    if (preprocessing.crop() != network.inputSize()) {
      throw new ModelException(
          "crops of %d for a network of %d".formatted(preprocessing.crop(), network.inputSize()));
    }
  }

  /**
   * A model that went through no gate and comes without a report.
   *
   * @throws ModelException when labels, network and preprocessing do not fit together
   */
  public ModelDraft(
      Weights weights,
      Preprocessing preprocessing,
      List<String> labels,
      Optional<String> parent,
      Provenance provenance) {
    this(weights, preprocessing, labels, parent, provenance, Optional.empty(), Optional.empty());
  }

  /** The same model after it went through a gate. */
  public ModelDraft judged(Optional<Verdict> by) {
    return new ModelDraft(weights, preprocessing, labels, parent, provenance, by, report);
  }

  /** The same model with a page about its training. */
  public ModelDraft reported(String page) {
    return new ModelDraft(
        weights, preprocessing, labels, parent, provenance, verdict, Optional.of(page));
  }

  /** What it is once it is written. */
  ModelBundle at(String version, Path folder) {
    return new ModelBundle(version, folder, weights.network(), preprocessing, labels);
  }
}
