package io.tagstream.model.store;

import io.tagstream.model.ModelException;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A model that is not yet a version of a store.
 *
 * @param labels in class order
 * @param parent the version that it was trained from
 * @param verdict the gate's verdict; empty if no gate compared the model
 * @param report the HTML of its training's page, {@code report.html}; empty without a training
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
   * @throws ModelException if labels, network and preprocessing do not match
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
          "crops of %d pixels for a network with inputs of %d"
              .formatted(preprocessing.crop(), network.inputSize()));
    }
  }

  /**
   * A model without a verdict and without a report.
   *
   * @throws ModelException if labels, network and preprocessing do not match
   */
  public ModelDraft(
      Weights weights,
      Preprocessing preprocessing,
      List<String> labels,
      Optional<String> parent,
      Provenance provenance) {
    this(weights, preprocessing, labels, parent, provenance, Optional.empty(), Optional.empty());
  }

  public ModelDraft withVerdict(Optional<Verdict> by) {
    return new ModelDraft(weights, preprocessing, labels, parent, provenance, by, report);
  }

  /** Adds the HTML of the page about its training. */
  public ModelDraft withReport(String page) {
    return new ModelDraft(
        weights, preprocessing, labels, parent, provenance, verdict, Optional.of(page));
  }

  /** The bundle that results when the draft is written. */
  ModelBundle at(String version, Path folder) {
    return new ModelBundle(version, folder, weights.network(), preprocessing, labels);
  }
}
