package io.tagstream.job.flow;

import io.tagstream.model.store.Preprocessing;
import java.io.Serializable;

/**
 * What the decode operator makes of every image, fixed when the job starts.
 *
 * @param resize the shorter side after resizing, in pixels
 * @param crop S, the side of a crop in pixels
 */
public record CropGeometry(int resize, int crop) implements Serializable {

  /** What a model expects. */
  public static CropGeometry of(Preprocessing preprocessing) {
    return new CropGeometry(preprocessing.resize(), preprocessing.crop());
  }

  /** Bytes in an image's pixels, {@code [views][S][S][3]}. */
  public int bytes(int views) {
    return views * crop * crop * 3;
  }

  @Override
  public String toString() {
    return "resize %d, crop %d".formatted(resize, crop);
  }
}
