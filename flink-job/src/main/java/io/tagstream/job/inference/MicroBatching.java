package io.tagstream.job.inference;

import io.tagstream.model.image.Views;
import io.tagstream.settings.BatchSettings;
import io.tagstream.settings.UsageException;
import java.io.Serializable;
import java.time.Duration;

/**
 * The size and the waiting time of micro-batches.
 *
 * @param maxCrops the most crops in a batch ({@code batch.size})
 * @param maxWait the longest time that a batch's first image waits for others ({@code
 *     batch.max-wait})
 * @param views crops per image, which are never split between two batches
 */
public record MicroBatching(int maxCrops, Duration maxWait, int views) implements Serializable {

  public MicroBatching {
    if (views < 1 || maxCrops < views) {
      throw new IllegalArgumentException(
          "batch.size %d cannot hold the %d crops of one image: raise it or lower --views"
              .formatted(maxCrops, views));
    }
    if (maxWait.isNegative()) {
      throw new IllegalArgumentException("batch.max-wait cannot be negative: " + maxWait);
    }
  }

  /**
   * Derives the limits from the settings.
   *
   * @throws UsageException when a batch cannot hold one image
   */
  public static MicroBatching of(BatchSettings settings, Views views) {
    try {
      return new MicroBatching(settings.size(), settings.maxWait(), views.count());
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }

  /** The most whole images in a batch. */
  int maxImages() {
    return maxCrops / views;
  }
}
