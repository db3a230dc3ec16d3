package io.tagstream.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.AbstractRecords;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.SimpleRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecordLimitTest {

  /** The smallest limit under which a record is sent. */
  private static long least(int keyBytes, int valueBytes) {
    long limit = (long) keyBytes + valueBytes;
    while (!RecordLimit.allows(limit, keyBytes, valueBytes)) {
      limit++;
    }
    return limit;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1000, 1 << 20, 30_000_000})
  void aProducerAcceptsEveryAllowedRecord(int valueBytes) {
    for (int keyBytes : new int[] {0, 1, 1024}) {
      assertThat(
              (long)
                  AbstractRecords.estimateSizeInBytesUpperBound(
                      RecordBatch.CURRENT_MAGIC_VALUE,
                      CompressionType.NONE,
                      new byte[keyBytes],
                      new byte[valueBytes],
                      Record.EMPTY_HEADERS))
          .isLessThanOrEqualTo(least(keyBytes, valueBytes));
    }
  }

  @ParameterizedTest
  @EnumSource(CompressionType.class)
  void aBrokerAcceptsEveryAllowedRecordThatDoesNotCompress(CompressionType type) {
    for (int bytes : new int[] {1, 5_000, 3_000_000}) {
      byte[] noise = new byte[bytes];
      new Random(bytes).nextBytes(noise);
      byte[] key = Arrays.copyOf(noise, Math.min(1024, bytes));
      MemoryRecords batch =
          MemoryRecords.withRecords(Compression.of(type).build(), new SimpleRecord(key, noise));
      assertThat((long) batch.sizeInBytes()).isLessThanOrEqualTo(least(key.length, bytes));
    }
  }
}
