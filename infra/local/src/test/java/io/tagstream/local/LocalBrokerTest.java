package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalBrokerTest {

  private static final int LARGEST = 22 << 20;
  private static final TopicPartition PARTITION = new TopicPartition("rejected-images", 0);

  @TempDir Path directory;

  @Test
  void keepsItsRecordsAndItsClusterIdAfterARestart() throws Exception {
    String cluster;
    try (LocalBroker broker = start(Map.of())) {
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServer()))) {
        cluster = admin.describeCluster().clusterId().get();
        admin
            .createTopics(
                List.of(
                    new NewTopic(PARTITION.topic(), 1, (short) 1)
                        .configs(Map.of("max.message.bytes", Integer.toString(LARGEST + 1024)))))
            .all()
            .get();
      }
      try (KafkaProducer<byte[], byte[]> producer = producer(broker, 60_000)) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(PARTITION.topic(), new byte[LARGEST])).get();
        producer.commitTransaction();
      }
    }
    try (LocalBroker broker = start(Map.of());
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServer()));
        KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(
                Map.of(
                    "bootstrap.servers", broker.bootstrapServer(),
                    "isolation.level", "read_committed",
                    "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
      assertThat(admin.describeCluster().clusterId().get()).isEqualTo(cluster);
      consumer.assign(List.of(PARTITION));
      assertThat(consumer.poll(Duration.ofSeconds(30)))
          .singleElement()
          .satisfies(record -> assertThat(record.value()).hasSize(LARGEST));
    }
  }

  @Test
  void appliesBrokerSettings() {
    try (LocalBroker broker = start(Map.of("transaction.max.timeout.ms", "5000"));
        KafkaProducer<byte[], byte[]> producer = producer(broker, 6000)) {
      assertThatThrownBy(producer::initTransactions)
          .isInstanceOf(KafkaException.class)
          .hasMessageContaining("transaction.max.timeout.ms");
    }
  }

  @Test
  void namesAPortInUseAndTheOptionForAnother() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertThatThrownBy(
              () ->
                  LocalBroker.start(
                      directory, LocalBroker.LOOPBACK, port, "--bootstrap-port", Map.of()))
          .isInstanceOf(UserException.class)
          .hasMessageStartingWith("port " + port + " is in use by ")
          .hasMessageEndingWith("; choose another with --bootstrap-port N");
    }
  }

  @Test
  void aPortThatDoesNotExistIsWrongUsage() {
    assertThatThrownBy(
            () -> LocalBroker.start(directory, LocalBroker.LOOPBACK, 70_000, "--port", Map.of()))
        .isInstanceOf(UsageException.class)
        .hasMessage("--port 70000: ports go from 0 to 65535");
  }

  @Test
  void listensOnAndAdvertisesTheRequestedAddress() throws Exception {
    try (LocalBroker broker =
            LocalBroker.start(directory.resolve("kafka"), "127.0.0.2", 0, "--port", Map.of());
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServer()))) {
      assertThat(broker.bootstrapServer()).startsWith("127.0.0.2:");
      assertThat(admin.describeCluster().nodes().get())
          .singleElement()
          .extracting(Node::host)
          .isEqualTo("127.0.0.2");
    }
  }

  private LocalBroker start(Map<String, String> overrides) {
    return LocalBroker.start(
        directory.resolve("kafka"), LocalBroker.LOOPBACK, 0, "--port", overrides);
  }

  private static KafkaProducer<byte[], byte[]> producer(LocalBroker broker, int timeoutMillis) {
    return new KafkaProducer<>(
        Map.of(
            "bootstrap.servers",
            broker.bootstrapServer(),
            "transactional.id",
            "test",
            "transaction.timeout.ms",
            timeoutMillis,
            "max.request.size",
            LARGEST + 1024,
            "buffer.memory",
            2 * LARGEST),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }
}
