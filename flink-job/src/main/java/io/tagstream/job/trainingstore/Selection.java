package io.tagstream.job.trainingstore;

import io.tagstream.model.training.Dataset;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What a run trains on.
 *
 * @param waiting classes with too few images so far, with how many they have, by name
 */
public record Selection(Dataset dataset, Map<String, Integer> waiting) {
  public Selection {
    Objects.requireNonNull(dataset);
    waiting = Collections.unmodifiableMap(new LinkedHashMap<>(waiting));
  }
}
