package io.tagstream.model.training;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/**
 * Which images are learned from and which are held out to measure with: a fifth, by the SHA-256 of
 * an image's encoded bytes, or of its group's name where it has a group, read as a number: held out
 * when it divides by five.
 *
 * <p>So an image's side depends on nothing but itself or its group. It is the same in every run,
 * whatever else is in the data, whatever the image is called, and for all its copies.
 */
public final class Split {
  private static final int PARTS = 5;

  private Split() {}

  /**
   * Whether an image never trains.
   *
   * @param group of the image
   * @param sha256 of the image's encoded bytes
   */
  public static boolean isHeldOut(Optional<String> group, byte[] sha256) {
    byte[] hash = group.map(name -> sha256(name.getBytes(StandardCharsets.UTF_8))).orElse(sha256);
    // 256 leaves 1 when divided by 5, so a number leaves what the sum of its bytes leaves.
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
