package io.tagstream.job.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.flow.Coordinates;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.junit.jupiter.api.Test;

final class TracedTransactionSerializerTest {
  private static final KafkaCommittable KAFKA =
      new KafkaCommittable(4711, (short) 3, "test:predictions:-0-1", null);

  private final TracedTransactionSerializer serializer =
      new TracedTransactionSerializer(
          KafkaSink.<String>builder()
              .setBootstrapServers("127.0.0.1:1")
              .setRecordSerializer(
                  KafkaRecordSerializationSchema.builder()
                      .setTopic("predictions")
                      .setValueSerializationSchema(new SimpleStringSchema())
                      .build())
              .build()
              .getCommittableSerializer());

  @Test
  void keepsTheWholeDescriptionOfATransaction() throws Exception {
    TracedTransaction known =
        new TracedTransaction(
            KAFKA,
            Optional.of(new Coordinates("predictions", 2, 1L << 40)),
            193,
            new SourceRanges(
                List.of(
                    new SourceRanges.Range("images", 0, 0, 7),
                    new SourceRanges.Range("labeled-images", 3, 1L << 40, 1L << 41))));
    TracedTransaction nothing = TracedTransaction.untraced(KAFKA);
    for (TracedTransaction transaction : List.of(known, nothing)) {
      assertThat(serializer.deserialize(serializer.getVersion(), serializer.serialize(transaction)))
          .isEqualTo(transaction);
    }
  }

  /** {@link #KAFKA} as flink-connector-kafka 5.0.0-2.2 serialized it in its version 1. */
  @Test
  void readsWhatTheConnectorAloneWrote() throws Exception {
    byte[] before =
        HexFormat.of()
            .parseHex("0003000000000000126700157465737" + "43a70726564696374696f6e733a2d302d31");
    assertThat(serializer.deserialize(1, before)).isEqualTo(TracedTransaction.untraced(KAFKA));
  }

  @Test
  void refusesWhatALaterReleaseWrote() {
    assertThatThrownBy(() -> serializer.deserialize(1001, new byte[0]))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a later release wrote");
  }
}
