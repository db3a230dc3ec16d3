package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.label.KafkaRecordLog;
import io.tagstream.job.label.RecordLog;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reading records again by their offsets, from a real broker. */
@Timeout(120)
final class KafkaRecordLogTest {
  private static final Topics TOPICS = new Topics("");
  private static final TopicPartition P0 = new TopicPartition("images", 0);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  @TempDir private Path directory;

  private LocalBroker broker;
  private KafkaConnection connection;
  private RecordLog.Reader reader;

  @BeforeEach
  void open() throws Exception {
    broker = start(0);
    connection = TestStream.connection(broker);
    try (Admin admin = connection.admin()) {
      admin
          .createTopics(
              List.of(
                  new NewTopic("images", 2, (short) 1),
                  new NewTopic("labeled-images", 1, (short) 1),
                  new NewTopic("labels", 1, (short) 1)))
          .all()
          .get();
    }
    reader = new KafkaRecordLog(connection, TOPICS, "test").open("0");
  }

  @AfterEach
  void close() {
    reader.close();
    broker.close();
  }

  private LocalBroker start(int port) {
    return LocalBroker.start(directory, LocalBroker.LOOPBACK, port, "--port", Map.of());
  }

  private KafkaProducer<byte[], byte[]> producer(Map<String, String> further) {
    Properties properties = connection.producerProperties();
    properties.putAll(further);
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static ProducerRecord<byte[], byte[]> record(
      String topic, int partition, int value, int bytes) {
    byte[] content = new byte[bytes];
    content[0] = (byte) value;
    return new ProducerRecord<>(topic, partition, null, content);
  }

  private void send(String topic, int partition, int from, int to, int bytes) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
      for (int value = from; value < to; value++) {
        producer.send(record(topic, partition, value, bytes)).get();
      }
    }
  }

  private void delete(long before) throws Exception {
    try (Admin admin = connection.admin()) {
      admin.deleteRecords(Map.of(P0, RecordsToDelete.beforeOffset(before))).all().get();
    }
  }

  private static Coordinates at(String topic, int partition, long offset) {
    return new Coordinates(topic, partition, offset);
  }

  /** The results in the order of arrival, as {@code PLACE VALUE} or {@code PLACE REASON}. */
  private List<String> read(Coordinates... places) {
    SortedSet<Coordinates> left = new TreeSet<>(RecordLog.ORDER);
    left.addAll(Arrays.asList(places));
    List<String> answers = new ArrayList<>();
    while (!left.isEmpty()) {
      for (RecordLog.ReadResult answer : reader.read(left, PATIENCE)) {
        assertThat(left.remove(answer.place())).as("%s", answer).isTrue();
        if (answer instanceof RecordLog.Found found) {
          assertThat(found.record().source).isEqualTo(found.place());
          answers.add(found.place() + " " + found.record().value[0]);
        } else if (answer instanceof RecordLog.Missing missing) {
          answers.add(missing.place() + " " + missing.reason());
        }
      }
    }
    return answers;
  }

  @Test
  void readsTheRequestedOffsetsInOrder() throws Exception {
    send("images", 0, 0, 60, 10);
    send("images", 1, 100, 110, 10);
    send("labeled-images", 0, 50, 51, 10);
    // Jumps forwards, to the next offset, and backwards, also in separate calls.
    assertThat(read(at("images", 0, 40), at("images", 0, 3), at("images", 0, 5)))
        .containsExactly("images-0@3 3", "images-0@5 5", "images-0@40 40");
    assertThat(read(at("images", 0, 41), at("images", 0, 4)))
        .containsExactly("images-0@4 4", "images-0@41 41");
    assertThat(read(at("images", 1, 9), at("images", 0, 59), at("labeled-images", 0, 0)))
        .containsExactlyInAnyOrder("images-1@9 109", "images-0@59 59", "labeled-images-0@0 50");
    assertThat(read(at("images", 0, 2))).containsExactly("images-0@2 2");
  }

  @Test
  void readsRecordsLargerThanAFetch() throws Exception {
    send("images", 0, 0, 3, 6 << 20);
    assertThat(read(at("images", 0, 0), at("images", 0, 2)))
        .containsExactly("images-0@0 0", "images-0@2 2");
  }

  @Test
  void reportsMissingRecordsWithTheReason() throws Exception {
    send("images", 0, 0, 5, 10);
    assertThat(read(at("images", 0, 5)))
        .containsExactly("images-0@5 is beyond the committed records, which end before 5");
    assertThat(read(at("images", 0, -1))).containsExactly("images-0@-1 is no offset");
    assertThat(read(at("images", 7, 0)))
        .containsExactly("images-7@0 is in a partition that does not exist");
    assertThat(read(at("images", -1, 0)))
        .containsExactly("images--1@0 is in a partition that does not exist");
    assertThat(read(at("labels", 0, 0))).containsExactly("labels-0@0 is not on a topic of images");
    assertThat(read(at("", 0, 0))).containsExactly("-0@0 is not on a topic of images");
    // A missing record does not hold back the others.
    assertThat(read(at("labels", 0, 0), at("images", 0, 9), at("images", 0, 4)))
        .endsWith("images-0@4 4");
  }

  @Test
  void readsRecordsAppendedSinceTheLastRead() throws Exception {
    send("images", 0, 0, 1, 10);
    assertThat(read(at("images", 0, 1)).get(0)).contains("beyond");
    send("images", 0, 1, 2, 10);
    assertThat(read(at("images", 0, 1))).containsExactly("images-0@1 1");
    try (Admin admin = connection.admin()) {
      admin.createPartitions(Map.of("images", NewPartitions.increaseTo(3))).all().get();
    }
    send("images", 2, 0, 1, 10);
    while (!read(at("images", 2, 0)).equals(List.of("images-2@0 0"))) {
      // A new partition is visible to clients only when all brokers know it.
    }
  }

  @Test
  void reportsADeletedRecord() throws Exception {
    send("images", 0, 0, 10, 10);
    delete(4);
    assertThat(read(at("images", 0, 3), at("images", 0, 4)))
        .containsExactly("images-0@3 was deleted: the partition begins at 4", "images-0@4 4");
    // At an offset that it has read before, the reader learns this from the broker's refusal.
    delete(8);
    assertThat(read(at("images", 0, 5), at("images", 0, 7), at("images", 0, 9)))
        .containsExactly(
            "images-0@5 was deleted: the partition begins at 8",
            "images-0@7 was deleted: the partition begins at 8",
            "images-0@9 9");
  }

  @Test
  void readsCommittedRecordsOnly() throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        producer(Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "t"))) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(record("images", 0, 0, 10)).get();
      producer.abortTransaction();
      producer.beginTransaction();
      producer.send(record("images", 0, 2, 10)).get();
      producer.commitTransaction();
      producer.beginTransaction();
      producer.send(record("images", 0, 4, 10)).get();
      // 0 aborted, 1 its marker, 2 committed, 3 its marker, 4 open.
      assertThat(
              read(
                  at("images", 0, 0),
                  at("images", 0, 1),
                  at("images", 0, 2),
                  at("images", 0, 3),
                  at("images", 0, 4)))
          .containsExactlyInAnyOrder(
              "images-0@0 holds no committed record",
              "images-0@1 holds no committed record",
              "images-0@2 2",
              "images-0@3 holds no committed record",
              "images-0@4 is beyond the committed records, which end before 4");
      producer.commitTransaction();
      assertThat(read(at("images", 0, 4))).containsExactly("images-0@4 4");
    }
  }

  @Test
  void anOutageGivesNoResultUntilTheBrokerReturns() throws Exception {
    send("images", 0, 0, 3, 10);
    assertThat(read(at("images", 0, 0))).containsExactly("images-0@0 0");
    int port = URI.create("kafka://" + broker.bootstrapServer()).getPort();
    SortedSet<Coordinates> places = new TreeSet<>(RecordLog.ORDER);
    places.add(at("images", 0, 2));
    places.add(at("images", 1, 0));
    assertThat(reader.isThere(places, PATIENCE)).isTrue();
    broker.close();
    assertThat(reader.read(places, Duration.ofMillis(500))).isEmpty();
    assertThat(reader.isThere(places, Duration.ofMillis(500))).isFalse();
    broker = start(port);
    assertThat(read(at("images", 0, 2))).containsExactly("images-0@2 2");
    assertThat(reader.isThere(places, PATIENCE)).isTrue();
  }

  @Test
  void aWakeUpEndsARead() {
    reader.wakeup();
    SortedSet<Coordinates> places = new TreeSet<>(RecordLog.ORDER);
    places.add(at("images", 0, 2));
    assertThat(reader.read(places, Duration.ofHours(1))).isEmpty();
  }
}
