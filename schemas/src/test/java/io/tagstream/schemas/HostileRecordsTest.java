package io.tagstream.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Malicious records, crafted to take far more memory than their size. */
class HostileRecordsTest {
  private static final int HEADER = 10;

  /**
   * Limit of allocation for each byte read; a record of short strings takes some thirty times its
   * size.
   */
  private static final long BYTES_A_BYTE = 64;

  /** Allocation allowed for any record, however short, because the first refusal loads classes. */
  private static final long BYTES_AT_LEAST = 4 << 20;

  private interface Body {
    void write(BinaryEncoder out) throws IOException;
  }

  private static byte[] record(SpecificRecord of, Body body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(header(of));
    BinaryEncoder out = EncoderFactory.get().binaryEncoder(bytes, null);
    body.write(out);
    out.flush();
    return bytes.toByteArray();
  }

  private static byte[] header(SpecificRecord of) {
    return Arrays.copyOf(encode(of), HEADER);
  }

  @SuppressWarnings("unchecked")
  private static <T extends SpecificRecord> byte[] encode(T record) {
    return WireFormat.of((Class<T>) record.getClass()).encode(record);
  }

  /** An image with this many attributes, each a short key and an empty value. */
  private static byte[] imageOfAttributes(int entries) throws IOException {
    return record(
        Records.image(),
        out -> {
          out.writeString("id");
          for (int absent = 0; absent < 5; absent++) {
            out.writeIndex(0);
          }
          out.writeMapStart();
          out.setItemCount(entries);
          for (int i = 0; i < entries; i++) {
            out.startItem();
            out.writeString(Integer.toString(i, Character.MAX_RADIX));
            out.writeString("");
          }
          out.writeMapEnd();
        });
  }

  @Test
  void tooManyAttributesAreRefused() throws IOException {
    byte[] record = imageOfAttributes(1_000_000);
    long before = allocated();
    assertThatThrownBy(() -> WireFormat.of(Image.class).decode(record))
        .isInstanceOf(MalformedRecordException.class)
        .hasMessageContaining("not a valid Image record: more than 1000 items in a map");
    assertThat(allocated() - before).isLessThan(16 << 20);
  }

  @Test
  void theLargestAllowedNumberIsRead() throws Exception {
    assertThat(WireFormat.of(Image.class).decode(imageOfAttributes(1000)).getAttributes())
        .hasSize(1000);
  }

  @Test
  void tooManyTagsAreRefused() throws IOException {
    byte[] record =
        record(
            Records.prediction(),
            out -> {
              out.writeString("id");
              out.writeString("v1");
              out.writeArrayStart();
              out.setItemCount(100_000);
              for (int i = 0; i < 100_000; i++) {
                out.startItem();
                out.writeString("");
                out.writeInt(0);
                out.writeFloat(0);
              }
              out.writeArrayEnd();
            });
    assertThatThrownBy(() -> WireFormat.of(Prediction.class).decode(record))
        .isInstanceOf(MalformedRecordException.class)
        .hasMessageContaining("more than 1000 items in an array");
  }

  static Stream<SpecificRecord> records() {
    return Stream.of(
        Records.image(),
        Records.label(),
        Records.prediction(),
        Records.rejection(),
        Records.modelUpdate());
  }

  /** Flipped bytes produce false lengths, counts and union branches. */
  @ParameterizedTest
  @MethodSource("records")
  void aDamagedRecordTakesLittleMoreThanItsSize(SpecificRecord of) throws Exception {
    byte[] whole = encode(of);
    WireFormat<? extends SpecificRecord> format = WireFormat.of(of.getClass());
    Random random = new Random(17);
    for (int round = 0; round < 3000; round++) {
      byte[] changed = whole.clone();
      for (int changes = 1 + random.nextInt(6); changes > 0; changes--) {
        int at = HEADER + random.nextInt(whole.length - HEADER);
        changed[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) 0xff;
      }
      long before = allocated();
      try {
        format.decode(changed);
      } catch (MalformedRecordException refused) {
        assertThat(refused).hasMessageNotContaining("\n");
      }
      assertThat(allocated() - before)
          .as("round %d", round)
          .isLessThan(BYTES_AT_LEAST + BYTES_A_BYTE * changed.length);
    }
  }

  /** Claims an array or a map of two billion items, a string and bytes of two gigabytes. */
  @ParameterizedTest
  @MethodSource("records")
  void aFalseCountTakesNoMemory(SpecificRecord of) throws Exception {
    byte[] whole = encode(of);
    WireFormat<? extends SpecificRecord> format = WireFormat.of(of.getClass());
    for (int at = HEADER; at < whole.length; at++) {
      byte[] lie = Arrays.copyOf(whole, whole.length + 5);
      // 2,147,483,631 in Avro's encoding.
      byte[] number = {(byte) 0xde, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f};
      System.arraycopy(number, 0, lie, at, number.length);
      System.arraycopy(whole, at, lie, at + number.length, whole.length - at);
      long before = allocated();
      try {
        format.decode(lie);
      } catch (MalformedRecordException refused) {
        assertThat(refused).isNotNull();
      }
      assertThat(allocated() - before)
          .as("at %d", at)
          .isLessThan(BYTES_AT_LEAST + BYTES_A_BYTE * lie.length);
    }
  }

  @Test
  void textOfInvalidBytesTakesLittleMoreThanItsSize() throws Exception {
    String text = new String(new byte[1 << 20], StandardCharsets.ISO_8859_1);
    byte[] record = encode(Image.newBuilder(Records.image()).setId(text).build());
    long before = allocated();
    assertThat(WireFormat.of(Image.class).decode(record).getId()).hasSize(1 << 20);
    assertThat(allocated() - before).isLessThan(8L * record.length);
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getThreadAllocatedBytes(Thread.currentThread().getId());
  }
}
