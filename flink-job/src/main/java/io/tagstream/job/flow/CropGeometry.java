package io.tagstream.job.flow;

import io.tagstream.model.store.Preprocessing;
import java.io.Serializable;

/**
 * How the decode operator resizes and crops every image; fixed when the job starts.
 *
 * @param resize the shorter side after resizing, in pixels
 * @param crop S, the side of a crop in pixels
 */
public record CropGeometry(int resize, int crop) implements Serializable {

  /** The geometry that a model expects. */
  public static CropGeometry of(Preprocessing preprocessing) {
    return new CropGeometry(preprocessing.resize(), preprocessing.crop());
  }

  /** The bytes of an image's crops, {@code [views][S][S][3]}. */
  public int bytes(int views) {
    return views * crop * crop * 3;
  }

  @Override
  public String toString() {
    return "resize %d, crop %d".formatted(resize, crop);
  }
}
