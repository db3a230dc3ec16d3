package io.tagstream.job.sink;

import io.tagstream.job.flow.Coordinates;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads at a record's offset with a read-committed consumer, which returns the record or skips it.
 */
final class ReadCommitted implements FateOfRecords {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration CLOSING = Duration.ofSeconds(1);

  private final Properties consumer;
  private final Duration patience;

  /**
   * @param consumer properties of a read-committed consumer
   * @param patience how long to wait for other transactions to end
   */
  ReadCommitted(Properties consumer, Duration patience) {
    this.consumer = new Properties();
    this.consumer.putAll(consumer);
    this.consumer.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    this.consumer.setProperty(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    this.consumer.remove(ConsumerConfig.GROUP_ID_CONFIG);
    this.consumer.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
    this.patience = patience;
  }

  @Override
  public Fate of(Coordinates record) throws InterruptedException {
    TopicPartition partition = new TopicPartition(record.topic(), record.partition());
    KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(consumer, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    try {
      reader.assign(List.of(partition));
      reader.seek(partition, record.offset());
      long deadline = System.nanoTime() + patience.toNanos();
      do {
        for (ConsumerRecord<byte[], byte[]> read : reader.poll(POLL)) {
          return read.offset() == record.offset() ? Fate.COMMITTED : Fate.ABORTED;
        }
        if (reader.position(partition) > record.offset()) {
          return Fate.ABORTED;
        }
      } while (System.nanoTime() - deadline < 0);
      return Fate.UNDECIDED;
    } catch (OffsetOutOfRangeException e) {
      return Fate.DELETED;
    } catch (InterruptException e) {
      Thread.interrupted();
      throw new InterruptedException(e.getMessage());
    } finally {
      reader.close(CloseOptions.timeout(CLOSING));
    }
  }
}
