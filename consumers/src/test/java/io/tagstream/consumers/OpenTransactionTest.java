package io.tagstream.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class OpenTransactionTest {
  private static final Instant NOW = Instant.parse("2012-12-03T10:00:00Z");
  private static final TopicPartition FIRST = new TopicPartition("predictions", 0);
  private static final TopicPartition SECOND = new TopicPartition("rejected-images", 3);
  private static final Map<TopicPartition, Long> ENDS = Map.of(FIRST, 100L, SECOND, 50L);

  private static ProducerState producer(long id, Duration lastWrite, OptionalLong beginning) {
    return new ProducerState(
        id, 0, 0, NOW.minus(lastWrite).toEpochMilli(), OptionalInt.of(0), beginning);
  }

  private static TransactionDescription begun(long producer, Duration ago) {
    return new TransactionDescription(
        1,
        TransactionState.ONGOING,
        producer,
        0,
        900_000,
        OptionalLong.of(NOW.minus(ago).toEpochMilli()),
        Set.of());
  }

  private static String json(OpenTransaction transaction) throws IOException {
    StringWriter line = new StringWriter();
    try (JsonGenerator generator = new JsonFactory().createGenerator(line)) {
      transaction.writeTo(generator, "flowers", NOW);
    }
    return line.toString();
  }

  @Test
  void withoutAnOpenProducerThereIsNone() {
    ProducerState idle = producer(1, Duration.ofMinutes(9), OptionalLong.empty());
    assertThat(OpenTransaction.oldest(Map.of(FIRST, List.of(idle)), Map.of(), ENDS)).isEmpty();
  }

  @Test
  void theFirstToBeginIsTheOldestOnAnyPartition() {
    Optional<OpenTransaction> oldest =
        OpenTransaction.oldest(
            Map.of(
                FIRST,
                List.of(
                    producer(1, Duration.ZERO, OptionalLong.of(90)),
                    producer(3, Duration.ZERO, OptionalLong.empty())),
                SECOND,
                List.of(
                    producer(2, Duration.ZERO, OptionalLong.of(40)),
                    producer(1, Duration.ZERO, OptionalLong.of(45)))),
            Map.of(
                "flowers:predictions:0-1", begun(1, Duration.ofSeconds(4)),
                "flowers:rejections:0-1", begun(2, Duration.ofSeconds(3)),
                "flowers:predictions:0-9", begun(3, Duration.ofHours(1))),
            ENDS);
    OpenTransaction transaction = oldest.orElseThrow();
    assertThat(transaction.transactionalId()).contains("flowers:predictions:0-1");
    assertThat(transaction.behind()).isEqualTo(10 + 5);
    assertThat(transaction.text("flowers", NOW))
        .isEqualTo("4 s old, flowers:predictions:0-1, on predictions-0, rejected-images-3");
  }

  @Test
  void anOldOneReportsHowMuchWaitsAndWhenItEnds() throws IOException {
    OpenTransaction transaction =
        OpenTransaction.oldest(
                Map.of(FIRST, List.of(producer(7, Duration.ofMinutes(5), OptionalLong.of(20)))),
                Map.of("orders-1", begun(7, Duration.ofMinutes(5))),
                ENDS)
            .orElseThrow();
    assertThat(transaction.text("flowers", NOW))
        .isEqualTo(
            "5 min old, of another program, orders-1, on predictions-0; read-committed consumers wait for it, 80 offsets after its first record; if its program does not end it, the broker aborts it in 10 min (transaction.timeout.ms is 15 min)");
    assertThat(json(transaction))
        .isEqualTo(
            "{\"transactionalId\":\"orders-1\",\"producerId\":7,\"ofThisJob\":false,\"since\":\"2012-12-03T09:55:00Z\",\"ageSeconds\":300,\"timeoutMs\":900000,\"partitions\":[\"predictions-0\"],\"offsetsBehind\":80}");
  }

  /** A hanging transaction, or one that this user may not see. */
  @Test
  void anUnknownOneIsNamedByItsProducer() throws IOException {
    OpenTransaction transaction =
        OpenTransaction.oldest(
                Map.of(
                    FIRST,
                    List.of(producer(7, Duration.ofMinutes(5), OptionalLong.of(20))),
                    SECOND,
                    List.of(producer(7, Duration.ofMinutes(6), OptionalLong.of(30)))),
                Map.of(),
                ENDS)
            .orElseThrow();
    assertThat(transaction.text("flowers", NOW))
        .startsWith("5 min old, of producer 7, whose id the broker does not report, on ")
        .endsWith(
            "run kafka-transactions.sh abort --topic predictions --partition 0 --start-offset 20");
    assertThat(json(transaction)).contains("\"transactionalId\":null", "\"timeoutMs\":null");
  }

  /** One job's name may be the prefix of another's. */
  @Test
  void aTransactionOfAnotherJobIsNotOfThisOne() {
    OpenTransaction transaction =
        OpenTransaction.oldest(
                Map.of(FIRST, List.of(producer(7, Duration.ZERO, OptionalLong.of(20)))),
                Map.of("flowers2:predictions:0-1", begun(7, Duration.ZERO)),
                ENDS)
            .orElseThrow();
    assertThat(transaction.isOf("flowers2")).isTrue();
    assertThat(transaction.isOf("flowers")).isFalse();
  }
}
