package io.tagstream.job.lock;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Comparator;

/**
 * What a member of a lock's group says of itself.
 *
 * @param holds whether it has the name; else it wants it
 * @param since when it claimed the name first
 * @param id the job's; no other job's claim has it
 * @param holder the process, in words
 */
record Claim(boolean holds, Instant since, String id, String holder) {
  /** The first is the one that has the name: who holds it goes before who wants it. */
  static final Comparator<Claim> ORDER =
      Comparator.comparing((Claim claim) -> !claim.holds)
          .thenComparing(Claim::since)
          .thenComparing(Claim::id);

  /** Of the encoding; a later one may only add to its end. */
  private static final int VERSION = 1;

  Claim held() {
    return new Claim(true, since, id, holder);
  }

  ByteBuffer encoded() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      out.writeBoolean(holds);
      out.writeLong(since.toEpochMilli());
      out.writeUTF(id);
      out.writeUTF(holder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ByteBuffer.wrap(bytes.toByteArray());
  }

  static Claim decoded(ByteBuffer encoded) {
    byte[] bytes = new byte[encoded.remaining()];
    encoded.duplicate().get(bytes);
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      in.readByte();
      return new Claim(
          in.readBoolean(), Instant.ofEpochMilli(in.readLong()), in.readUTF(), in.readUTF());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
