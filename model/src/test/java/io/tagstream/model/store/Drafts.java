package io.tagstream.model.store;

import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.onnx.TinyNetworks;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes models for tests of the store. */
final class Drafts {
  static final NetworkDescription NETWORK = TinyNetworks.everything();
  static final List<String> LABELS = List.of("cat", "dog", "été");

  private Drafts() {}

  /** A tiny model that depends only on the seed. */
  static ModelDraft tiny(long seed) {
    return new ModelDraft(
        TinyNetworks.weights(NETWORK, seed),
        Preprocessing.tagstream(NETWORK.inputSize()),
        LABELS,
        Optional.empty(),
        new Provenance(
            "drawn for a test",
            Instant.parse("2026-11-24T10:30:00Z"),
            Optional.of("no data"),
            Optional.empty(),
            Optional.of("none"),
            Map.of("rate", "0.5"),
            Optional.of(seed),
            Map.of("top1", 0.75),
            Optional.of("drawn"),
            Optional.empty(),
            "no library",
            "any Java",
            "any processor"));
  }
}
