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
 * A group member's claim to a job's name.
 *
 * @param holds whether the member holds the name; otherwise it waits for it
 * @param since when it first claimed the name
 * @param id identifies the job; unique among claims
 * @param holder describes the process, for messages
 */
record Claim(boolean holds, Instant since, String id, String holder) {
  /** The first claim gets the name: holders precede those that wait. */
  static final Comparator<Claim> ORDER =
      Comparator.comparing((Claim claim) -> !claim.holds)
          .thenComparing(Claim::since)
          .thenComparing(Claim::id);

  /** The version of the encoding; later versions may only append fields. */
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
