package io.tagstream.schemas;

import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;

/**
 * Reads records whose collections hold at most {@link #MOST_ITEMS}: of entries of two bytes each a
 * record of 20 MiB would make a gigabyte of objects. Avro's own limit is a system property that is
 * read once, when its class is loaded, which a job on a cluster may be too late for.
 *
 * <p>Lengths and counts beyond the bytes that are left Avro itself refuses before it allocates.
 */
public final class RecordReader<T extends SpecificRecord> extends SpecificDatumReader<T> {

  /** The longest that anything of ours writes: the cells of a confusion matrix. */
  static final int MOST_ITEMS = 1000;

  /**
   * @param writer the schema that the bytes were written with
   * @param reader that of the record's class
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
