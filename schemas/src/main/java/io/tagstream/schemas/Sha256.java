package io.tagstream.schemas;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** What the training store tells pictures apart by. */
public final class Sha256 {
  private Sha256() {}

  /** SHA-256 of a picture's bytes, 32 bytes. */
  public static byte[] of(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
