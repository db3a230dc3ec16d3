package io.tagstream.model.training;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/**
 * The split into training and held-out images. An image is held out if the SHA-256 of its encoded
 * bytes, or of its group's name if it has a group, is as a number divisible by five: a fifth of the
 * images.
 *
 * <p>So the split of an image depends only on its bytes or its group. It is the same in every run,
 * for all copies of the image, whatever its name and whatever else is in the data.
 */
public final class Split {
  private static final int PARTS = 5;

  private Split() {}

  /**
   * Whether an image is held out.
   *
   * @param group of the image
   * @param sha256 of the image's encoded bytes
   */
  public static boolean isHeldOut(Optional<String> group, byte[] sha256) {
    byte[] hash = group.map(name -> sha256(name.getBytes(StandardCharsets.UTF_8))).orElse(sha256);
    // 256 mod 5 is 1, so the number and the sum of its bytes are equal mod 5.
    int sum = 0;
    for (byte digit : hash) {
      sum += digit & 0xff;
    }
    return sum % PARTS == 0;
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
