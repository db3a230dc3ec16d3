package io.tagstream.model.training;

import java.util.Map;

/**
 * The number of images of a class.
 *
 * @param images distinct readable images, in training and held out
 * @param heldOut those of them that are held out
 */
public record ClassSize(String label, int images, int heldOut) {

  /**
   * Counts distinct images.
   *
   * @param heldOut whether an image is held out, by the SHA-256 of its encoded bytes
   */
  public static ClassSize of(String label, Map<String, Boolean> heldOut) {
    long never = heldOut.values().stream().filter(held -> held).count();
    return new ClassSize(label, heldOut.size(), (int) never);
  }

  /**
   * Whether the class can be trained: it has at least {@code minPerClass} images, and at least one
   * of them is not held out. By chance all images of a small class may be held out, and the images
   * of a group are held out all or none.
   */
  public boolean isEnough(int minPerClass) {
    return images >= minPerClass && heldOut < images;
  }

  /** What a class that cannot be trained waits for, in words. */
  public String shortage(int minPerClass) {
    return images < minPerClass || images == 0
        ? "%s has %d readable images and needs %d"
            .formatted(label, images, Math.max(1, minPerClass))
        : "all %d images of %s are held out, and it needs others to train on"
            .formatted(images, label);
  }
}
