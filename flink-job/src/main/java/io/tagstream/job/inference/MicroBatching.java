package io.tagstream.job.inference;

import java.io.Serializable;
import java.time.Duration;

/**
 * How the crops of images are gathered into batches.
 *
 * @param maxCrops crops in a batch at most ({@code batch.size})
 * @param maxWait how long a batch's first image waits for others ({@code batch.max-wait})
 * @param views crops per image, which are never split over two batches
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

  /** Whole images in a batch at most. */
  int maxImages() {
    return maxCrops / views;
  }
}
