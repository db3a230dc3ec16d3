package io.tagstream.model.training;

import java.util.Map;

/**
 * How many images there are of a class.
 *
 * @param images different ones that can be read, whether they train or are held out
 * @param heldOut those of them that never train
 */
public record ClassSize(String label, int images, int heldOut) {

  /**
   * Counts images, of an image's copies one.
   *
   * @param heldOut whether an image never trains, by the SHA-256 of its encoded bytes
   */
  public static ClassSize of(String label, Map<String, Boolean> heldOut) {
    long never = heldOut.values().stream().filter(held -> held).count();
    return new ClassSize(label, heldOut.size(), (int) never);
  }

  /**
   * Whether a training can learn the class: it has as many images as asked for, and one of them
   * trains. By chance all of a small class may be held out, and a group of images always is or is
   * not as a whole.
   */
  public boolean isEnough(int minPerClass) {
    return images >= minPerClass && heldOut < images;
  }

  /** What a class that is not enough waits for, in words. */
  public String shortage(int minPerClass) {
    return images < minPerClass || images == 0
        ? "%s has %d images that can be read and needs %d"
            .formatted(label, images, Math.max(1, minPerClass))
        : "all %d images of %s are held out to measure with, and it needs others to learn from"
            .formatted(images, label);
  }
}
