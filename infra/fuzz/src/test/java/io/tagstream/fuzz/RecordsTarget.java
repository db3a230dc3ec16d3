package io.tagstream.fuzz;

import io.tagstream.schemas.Image;
import io.tagstream.schemas.JsonLines;
import io.tagstream.schemas.Label;
import io.tagstream.schemas.MalformedRecordException;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.WireFormat;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/** Values of Kafka records. The first byte selects the record type. */
public final class RecordsTarget {
  private static final List<WireFormat<? extends SpecificRecord>> FORMATS =
      List.of(
          WireFormat.of(Image.class),
          WireFormat.of(Label.class),
          WireFormat.of(Prediction.class),
          WireFormat.of(Rejection.class),
          WireFormat.of(ModelUpdate.class));

  private RecordsTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    int kind = Byte.toUnsignedInt(input[0]) % FORMATS.size();
    check(FORMATS.get(kind), Arrays.copyOfRange(input, 1, input.length));
  }

  /** A record that can be read must be equal after it is written and read again. */
  private static <T extends SpecificRecord> void check(WireFormat<T> format, byte[] value) {
    T record;
    try {
      record = format.decode(value);
    } catch (MalformedRecordException e) {
      return;
    }
    print(record);
    try {
      byte[] written = format.encode(record);
      // Avro's equals is false for two records with the same NaN.
      if (!Arrays.equals(format.encode(format.decode(written)), written)) {
        throw new AssertionError("another record: " + record);
      }
    } catch (MalformedRecordException e) {
      throw new AssertionError("what was written cannot be read", e);
    }
  }

  private static void print(SpecificRecord record) {
    String line = "";
    if (record instanceof Prediction prediction) {
      line = JsonLines.prediction(prediction);
    } else if (record instanceof Rejection rejection) {
      line = JsonLines.rejection(rejection);
    }
    if (line.contains("\n")) {
      throw new AssertionError("more than one line: " + line);
    }
  }
}
