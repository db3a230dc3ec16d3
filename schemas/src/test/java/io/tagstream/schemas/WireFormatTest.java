package io.tagstream.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class WireFormatTest {
  private final WireFormat<Image> images = WireFormat.of(Image.class);

  static List<SpecificRecord> records() {
    return Records.all();
  }

  @ParameterizedTest
  @MethodSource("records")
  void encodingAndDecodingPreserveARecord(SpecificRecord record) throws Exception {
    assertRoundTrip(record.getClass(), record);
  }

  private static <T extends SpecificRecord> void assertRoundTrip(Class<T> type, Object record)
      throws MalformedRecordException {
    WireFormat<T> format = WireFormat.of(type);
    assertThat(format.decode(format.encode(type.cast(record)))).isEqualTo(record);
  }

  @Test
  void absentFieldsStayAbsent() throws Exception {
    Image image = images.decode(images.encode(Image.newBuilder().setId("x").build()));
    assertThat(image.getContent()).isEmpty();
    assertThat(image.getUri()).isEmpty();
    assertThat(image.getCapturedAt()).isEmpty();
    assertThat(image.getLabel()).isEmpty();
    assertThat(image.getAttributes()).isEmpty();
  }

  @Test
  void avrosSingleObjectReaderReadsIt() throws Exception {
    GenericRecord read =
        new BinaryMessageDecoder<GenericRecord>(new GenericData(), Image.getClassSchema())
            .decode(images.encode(Records.image()));
    assertThat(read.get("id")).hasToString("roses/ä 1.jpg");
  }

  @Test
  void anEmptyRecordIsNamed() {
    assertReason(new byte[0], "the record is empty");
  }

  @Test
  void otherBytesAreReportedWithTheirBeginning() {
    assertReason("GIF89a".getBytes(java.nio.charset.StandardCharsets.US_ASCII), "begins 47494638");
    assertReason(new byte[] {(byte) 0xC3}, "cut short at 1 bytes");
    assertReason(new byte[] {(byte) 0xC3, 2}, "begins c302");
  }

  @Test
  void confluentsFormatIsNamed() {
    assertReason(HexFormat.of().parseHex("000000002a0102"), "schema id 42", "not supported");
  }

  @Test
  void anUnknownFingerprintIsNamed() {
    byte[] label = WireFormat.of(Label.class).encode(Records.label());
    byte[] littleEndian = Arrays.copyOfRange(label, 2, 10);
    StringBuilder bigEndian = new StringBuilder();
    for (int i = 7; i >= 0; i--) {
      bigEndian.append(HexFormat.of().toHexDigits(littleEndian[i]));
    }
    assertReason(label, "fingerprint " + bigEndian, "no released version of Image");
  }

  @Test
  void everyCutIsNoticed() {
    byte[] whole = images.encode(Records.image());
    for (int length = 1; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> images.decode(cut))
          .isInstanceOf(MalformedRecordException.class)
          .hasMessageContaining("cut short at %d bytes", length);
    }
  }

  @Test
  void bytesBehindTheEndAreNoticed() {
    byte[] whole = images.encode(Records.image());
    assertReason(Arrays.copyOf(whole, whole.length + 1), "bytes follow the end of the Image");
  }

  @Test
  void aFalseLengthAllocatesNothing() {
    byte[] header = Arrays.copyOf(images.encode(Records.image()), 10);
    // The id claims a length of 2,000,000,000 bytes; tests have a heap of 1 GiB.
    byte[] lie = concatenate(header, HexFormat.of().parseHex("80d0acf30e41"));
    assertReason(lie, "Image");
  }

  @ParameterizedTest
  @ValueSource(longs = {(1L << 31) - 3, 1L << 31, 1L << 40})
  void aLengthBeyondAnyArrayIsNoticed(long length) throws Exception {
    byte[] header = Arrays.copyOf(images.encode(Records.image()), 10);
    byte[] id = concatenate(header, number(length));
    assertReason(id, "not a valid Image");
    // An empty id, then the content's branch.
    byte[] content =
        concatenate(concatenate(header, HexFormat.of().parseHex("0002")), number(length));
    assertReason(content, "not a valid Image");
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 30, (1L << 31) - 10, (1L << 31) - 3, 1L << 31, 1L << 40})
  void aFalseCountOfEntriesAllocatesNothing(long entries) throws Exception {
    byte[] header = Arrays.copyOf(images.encode(Records.image()), 10);
    // An empty id, five absent fields, the attributes' count and one entry: "" is "".
    byte[] start = concatenate(header, HexFormat.of().parseHex("000000000000"));
    assertReason(
        concatenate(concatenate(start, number(entries)), HexFormat.of().parseHex("0000")), "Image");
  }

  @Test
  void anUnknownUnionBranchIsNoticed() {
    byte[] header = Arrays.copyOf(images.encode(Records.image()), 10);
    assertReason(concatenate(header, HexFormat.of().parseHex("024114")), "not a valid Image");
  }

  @Test
  void aReleasedSchemaIsRead() throws Exception {
    Schema earlier =
        SchemaBuilder.record("Image")
            .namespace("io.tagstream.schemas")
            .fields()
            .requiredString("id")
            .endRecord();
    GenericRecord record = new GenericData.Record(earlier);
    record.put("id", "old");
    java.nio.ByteBuffer bytes =
        new BinaryMessageEncoder<GenericRecord>(new GenericData(), earlier).encode(record);
    byte[] value = new byte[bytes.remaining()];
    bytes.get(value);

    assertThat(WireFormat.of(Image.class, List.of(earlier)).decode(value))
        .isEqualTo(Image.newBuilder().setId("old").build());
  }

  private void assertReason(byte[] value, String... parts) {
    assertThatThrownBy(() -> images.decode(value))
        .isInstanceOf(MalformedRecordException.class)
        .message()
        .contains(parts)
        .doesNotContain("\n");
  }

  /** As Avro writes a length. */
  private static byte[] number(long value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    EncoderFactory.get().directBinaryEncoder(bytes, null).writeLong(value);
    return bytes.toByteArray();
  }

  private static byte[] concatenate(byte[] first, byte[] second) {
    byte[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
