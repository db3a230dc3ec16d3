package io.tagstream.benchmarks.probe;

import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import java.util.Optional;
import java.util.stream.IntStream;

/** Untrained models to measure with. */
public final class DrawnModel {
  private DrawnModel() {}

  /** A model for a store; its labels are numbers. */
  public static ModelDraft of(Weights weights) {
    return new ModelDraft(
        weights,
        Preprocessing.tagstream(weights.network().inputSize()),
        IntStream.range(0, weights.network().classes())
            .mapToObj(number -> "class-" + number)
            .toList(),
        Optional.empty(),
        Provenance.made("drawn for a benchmark", "none", "none"));
  }
}
