package io.tagstream.schemas;

import io.tagstream.settings.Printable;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

/**
 * The encoding of records on topics, Avro's single-object encoding: the bytes C3 01, the writer
 * schema's CRC-64-AVRO fingerprint (8 bytes, little-endian) and the Avro binary.
 *
 * <p>Thread-safe.
 */
public final class WireFormat<T extends SpecificRecord> {
  private static final List<String> RELEASES = List.of("v1", "v1.1");
  private static final int HEADER = 10;
  private static final byte[] MARKER = {(byte) 0xC3, 0x01};
  private static final byte CONFLUENT_MARKER = 0;
  private static final int CONFLUENT_HEADER = 5;

  private final Schema schema;
  private final byte[] header;

  /** Writer schemas by fingerprint: the current one and the released ones before it. */
  private final Map<Long, Schema> writers = new HashMap<>();

  private WireFormat(Class<T> type, List<Schema> earlier) {
    this.schema = RecordModel.INSTANCE.getSchema(type);
    this.header = header(schema);
    earlier.forEach(writer -> writers.put(fingerprint(writer), writer));
    writers.put(fingerprint(schema), schema);
  }

  /** The format of a generated record class: {@code WireFormat.of(Image.class)}. */
  public static <T extends SpecificRecord> WireFormat<T> of(Class<T> type) {
    return new WireFormat<>(type, released(type));
  }

  /** Released schemas that differ from the current one; they are resources and never change. */
  private static List<Schema> released(Class<?> type) {
    List<Schema> schemas = new ArrayList<>();
    for (String release : RELEASES) {
      String name = "released/%s/%s.avsc".formatted(release, type.getSimpleName());
      try (InputStream file = WireFormat.class.getResourceAsStream(name)) {
        if (file != null) {
          schemas.add(new Schema.Parser().parse(file));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return schemas;
  }

  /** As {@link #of}, but also reads values written with these earlier schemas. */
  static <T extends SpecificRecord> WireFormat<T> of(Class<T> type, List<Schema> earlier) {
    return new WireFormat<>(type, earlier);
  }

  /** Encodes the value of a Kafka record. */
  public byte[] encode(T value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    bytes.writeBytes(header);
    // The direct encoder has no buffer, through which an image's megabytes would be copied.
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
    try {
      new SpecificDatumWriter<T>(schema, RecordModel.INSTANCE).write(value, encoder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * Reads the value of a Kafka record.
   *
   * @throws MalformedRecordException with the reason when it is not exactly one record of this
   *     type. Reading any value, even a malicious one, takes little more memory than its size
   */
  public T decode(byte[] value) throws MalformedRecordException {
    Schema writer = writer(value);
    BinaryDecoder decoder =
        DecoderFactory.get().binaryDecoder(value, HEADER, value.length - HEADER, null);
    try {
      T record = new RecordReader<T>(writer, schema).read(null, decoder);
      if (!decoder.isEnd()) {
        throw new MalformedRecordException(
            "bytes follow the end of the %s record".formatted(schema.getName()));
      }
      return record;
    } catch (EOFException e) {
      throw new MalformedRecordException(
          "the %s record is cut short at %d bytes".formatted(schema.getName(), value.length), e);
    } catch (IOException | RuntimeException e) {
      // Avro throws several runtime exceptions, some of them the JDK's, such as
      // UnsupportedOperationException for a length beyond the longest array.
      throw new MalformedRecordException(
          "not a valid %s record: %s"
              .formatted(
                  schema.getName(),
                  Printable.of(
                      Optional.ofNullable(e.getMessage())
                          .map(message -> message.replaceAll("\\R", " "))
                          .orElse(e.getClass().getSimpleName()))),
          e);
    }
  }

  private Schema writer(byte[] value) throws MalformedRecordException {
    if (value.length == 0) {
      throw new MalformedRecordException("the record is empty");
    }
    if (value[0] == CONFLUENT_MARKER && value.length >= CONFLUENT_HEADER) {
      throw new MalformedRecordException(
          "the record is in Confluent's wire format (schema id %d), which is not supported: send Avro's single-object encoding"
              .formatted(ByteBuffer.wrap(value).getInt(1)));
    }
    if (value[0] != MARKER[0] || (value.length > 1 && value[1] != MARKER[1])) {
      throw new MalformedRecordException(
          "the record is no Avro single object: it begins %s, not c301"
              .formatted(HexFormat.of().formatHex(value, 0, Math.min(value.length, 4))));
    }
    if (value.length < HEADER) {
      throw new MalformedRecordException(
          "the record is cut short at %d bytes, within its header".formatted(value.length));
    }
    long fingerprint = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
    Schema writer = writers.get(fingerprint);
    if (writer == null) {
      throw new MalformedRecordException(
          "the record's schema is unknown: fingerprint %s is no released version of %s; readers must be upgraded before writers"
              .formatted(HexFormat.of().toHexDigits(fingerprint), schema.getName()));
    }
    return writer;
  }

  private static byte[] header(Schema schema) {
    return ByteBuffer.allocate(HEADER)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(MARKER)
        .putLong(fingerprint(schema))
        .array();
  }

  private static long fingerprint(Schema schema) {
    return SchemaNormalization.parsingFingerprint64(schema);
  }
}
