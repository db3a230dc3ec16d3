package io.tagstream.model.store;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The live accuracy of each version, {@code MODELS/live-accuracy.json}, written by the job that
 * serves them.
 *
 * @param versions scores by version name
 */
public record LiveAccuracyRecord(Map<String, Score> versions) {

  /** No labelled image was counted yet. */
  public static final LiveAccuracyRecord NONE = new LiveAccuracyRecord(Map.of());

  /**
   * The score of one version.
   *
   * @param right images whose prediction equals their label
   * @param total images that received a label
   */
  public record Score(long right, long total) {
    public Score {
      if (right < 0 || right > total) {
        throw new IllegalArgumentException("%d right of %d".formatted(right, total));
      }
    }

    /** The share of correct predictions, 0 to 1; NaN without images. */
    public double accuracy() {
      return (double) right / total;
    }
  }

  public LiveAccuracyRecord {
    versions =
        Collections.unmodifiableMap(new TreeMap<>(Objects.requireNonNull(versions, "no versions")));
  }
}
