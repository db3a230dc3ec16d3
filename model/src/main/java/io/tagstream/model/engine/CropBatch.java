package io.tagstream.model.engine;

import java.util.List;

/**
 * The crops of one call, image by image.
 *
 * @param images one array per image, {@code [views][S][S][3]} RGB bytes
 * @param views crops per image
 * @param cropBytes {@code S * S * 3}
 */
public record CropBatch(List<byte[]> images, int views, int cropBytes) {
  public CropBatch {
    images = List.copyOf(images);
    if (images.isEmpty() || views < 1) {
      throw new IllegalArgumentException(
          "a batch needs images and views: %d, %d".formatted(images.size(), views));
    }
    for (byte[] image : images) {
      if (image.length != views * cropBytes) {
        throw new IllegalArgumentException(
            "an image has %d bytes, needs %d views of %d"
                .formatted(image.length, views, cropBytes));
      }
    }
  }

  public int size() {
    return images.size() * views;
  }

  /** The pixels of the image that a crop belongs to. */
  public byte[] image(int crop) {
    return images.get(crop / views);
  }

  /** Index of the crop's first byte in {@link #image}. */
  public int offset(int crop) {
    return crop % views * cropBytes;
  }
}
