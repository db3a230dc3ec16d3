package io.tagstream.schemas;

import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecordBase;

/**
 * Maps schemas to the generated classes. Avro's own lookup by name depends on the thread's class
 * loader and refuses classes that a system property does not list.
 */
public final class RecordModel extends SpecificData {
  private static final Map<String, Class<? extends SpecificRecordBase>> CLASSES =
      Stream.of(
              Confusion.class,
              GateVerdict.class,
              Image.class,
              Label.class,
              ModelUpdate.class,
              Prediction.class,
              Rejection.class,
              Source.class,
              Tag.class,
              TrainingImage.class)
          .collect(Collectors.toUnmodifiableMap(Class::getName, Function.identity()));

  /** The only instance. Thread-safe. */
  public static final RecordModel INSTANCE = new RecordModel();

  private RecordModel() {
    addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    // System properties can turn on two other readers of Avro, which would bypass RecordReader.
    setCustomCoders(false);
    setFastReaderEnabled(false);
  }

  @Override
  public Class<?> getClass(Schema schema) {
    if (schema.getType() == Schema.Type.RECORD && CLASSES.containsKey(schema.getFullName())) {
      return CLASSES.get(schema.getFullName());
    }
    return super.getClass(schema);
  }
}
