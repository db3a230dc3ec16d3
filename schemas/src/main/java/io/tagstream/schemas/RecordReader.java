package io.tagstream.schemas;

import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;

/**
 * Reads records and refuses collections of more than {@link #MOST_ITEMS}: 20 MiB of entries of two
 * bytes each would become a gigabyte of objects. Avro's own limit is a system property that is read
 * once, when its class is loaded; on a cluster the job may start after that.
 *
 * <p>Avro itself refuses lengths and counts beyond the remaining bytes before it allocates.
 */
public final class RecordReader<T extends SpecificRecord> extends SpecificDatumReader<T> {

  /** The longest collection that Tagstream writes: the cells of a confusion matrix. */
  static final int MOST_ITEMS = 1000;

  /**
   * @param writer the schema with which the bytes were written
   * @param reader the schema of the record's class
   */
  public RecordReader(Schema writer, Schema reader) {
    super(writer, reader, RecordModel.INSTANCE);
  }

  @Override
  protected void addToArray(Object array, long position, Object item) {
    require(position + 1, "an array");
    super.addToArray(array, position, item);
  }

  @Override
  protected void addToMap(Object map, Object key, Object value) {
    super.addToMap(map, key, value);
    require(((Map<?, ?>) map).size(), "a map");
  }

  private static void require(long items, String where) {
    if (items > MOST_ITEMS) {
      throw new AvroRuntimeException(
          "more than %d items in %s, which is the most".formatted(MOST_ITEMS, where));
    }
  }
}
