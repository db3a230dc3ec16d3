package io.tagstream.model.store;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * How the versions did on the stream: {@code MODELS/live-accuracy.json}, written by the job that
 * serves them.
 *
 * @param versions by version
 */
public record LiveAccuracyRecord(Map<String, Score> versions) {

  /** Nothing counted yet. */
  public static final LiveAccuracyRecord NONE = new LiveAccuracyRecord(Map.of());

  /**
   * One version's.
   *
   * @param right images that it tagged with their label
   * @param total images whose label came
   */
  public record Score(long right, long total) {
    public Score {
      if (right < 0 || right > total) {
        throw new IllegalArgumentException("%d right of %d".formatted(right, total));
      }
    }

    /** The share that was right, 0 to 1; NaN without images. */
    public double accuracy() {
      return (double) right / total;
    }
  }

  public LiveAccuracyRecord {
    versions =
        Collections.unmodifiableMap(new TreeMap<>(Objects.requireNonNull(versions, "no versions")));
  }
}
