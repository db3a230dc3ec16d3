package io.tagstream.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.specific.SpecificRecordBase;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Released schemas are in {@code released/VERSION/}, complete, in the format of {@code
 * Schema.toString(true)}. They never change; a new version is a new folder.
 */
class SchemaEvolutionTest {
  private static final List<String> RELEASES = List.of("v1", "v1.1", "v2");

  record Released(SpecificRecordBase current, String release) {
    Schema schema() throws IOException {
      String name = current.getSchema().getName();
      try (InputStream file =
          SchemaEvolutionTest.class.getResourceAsStream(
              "/released/%s/%s.avsc".formatted(release, name))) {
        return new Schema.Parser().parse(file);
      }
    }
  }

  static Stream<Released> released() {
    return RELEASES.stream()
        .flatMap(
            release ->
                Records.all().stream()
                    .map(record -> new Released((SpecificRecordBase) record, release)));
  }

  @ParameterizedTest
  @MethodSource("released")
  void releasedReadersReadTheCurrentSchema(Released released) throws IOException {
    assertCompatible(released.schema(), released.current().getSchema());
  }

  @ParameterizedTest
  @MethodSource("released")
  void theCurrentReaderReadsReleasedSchemas(Released released) throws IOException {
    assertCompatible(released.current().getSchema(), released.schema());
  }

  /** Compatibility is not enough: the wire format must also know the released fingerprint. */
  @ParameterizedTest
  @MethodSource("released")
  void theWireFormatKnowsEveryRelease(Released released) throws Exception {
    assertThat(decode(released.current().getClass(), writtenWith(released))).isNotNull();
  }

  @ParameterizedTest
  @MethodSource("released")
  void unionsAreNullAndOneType(Released released) {
    for (Schema.Field field : released.current().getSchema().getFields()) {
      if (field.schema().isUnion()) {
        assertThat(field.schema().getTypes()).as(field.name()).hasSize(2);
        assertThat(field.schema().getTypes().get(0).getType()).isEqualTo(Schema.Type.NULL);
        assertThat(field.defaultVal()).isEqualTo(org.apache.avro.JsonProperties.NULL_VALUE);
      }
    }
  }

  private static void assertCompatible(Schema reader, Schema writer) {
    SchemaCompatibility.SchemaPairCompatibility result =
        SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
    assertThat(result.getType())
        .as(() -> result.getResult().getIncompatibilities().toString())
        .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
  }

  private static <T extends SpecificRecord> T decode(Class<T> type, byte[] value)
      throws MalformedRecordException {
    return WireFormat.of(type).decode(value);
  }

  /** The current record, projected to the released schema. */
  private static byte[] writtenWith(Released released) throws IOException {
    Schema current = released.current().getSchema();
    byte[] encoded = encode(released.current().getClass(), released.current());
    BinaryDecoder body = DecoderFactory.get().binaryDecoder(encoded, 10, encoded.length - 10, null);
    GenericRecord projected =
        new GenericDatumReader<GenericRecord>(current, released.schema()).read(null, body);
    ByteBuffer bytes =
        new BinaryMessageEncoder<GenericRecord>(new GenericData(), released.schema())
            .encode(projected);
    byte[] value = new byte[bytes.remaining()];
    bytes.get(value);
    assertThat(ByteBuffer.wrap(value).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong(2))
        .isEqualTo(SchemaNormalization.parsingFingerprint64(released.schema()));
    return value;
  }

  private static <T extends SpecificRecord> byte[] encode(Class<T> type, Object record) {
    return WireFormat.of(type).encode(type.cast(record));
  }
}
