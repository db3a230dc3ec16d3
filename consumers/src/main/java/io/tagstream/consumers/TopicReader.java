package io.tagstream.consumers;

import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.MalformedRecordException;
import io.tagstream.schemas.WireFormat;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads the committed records of all partitions of one topic, without a consumer group.
 *
 * <p>One thread may read; {@link #stop} may be called from any thread.
 */
public final class TopicReader<T extends SpecificRecord> implements AutoCloseable {
  private static final Duration POLL = Duration.ofSeconds(1);

  private final Consumer<byte[], byte[]> consumer;
  private final WireFormat<T> format;
  private final List<TopicPartition> partitions;

  TopicReader(Consumer<byte[], byte[]> consumer, String topic, WireFormat<T> format) {
    this.consumer = consumer;
    this.format = format;
    this.partitions =
        consumer.partitionsFor(topic).stream()
            .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
            .toList();
    consumer.assign(partitions);
  }

  /** Connects; the topic must exist. */
  public static <T extends SpecificRecord> TopicReader<T> open(
      KafkaConnection connection, String topic, WireFormat<T> format) {
    Properties properties = connection.consumerProperties();
    // If the next record was deleted, reading continues with the oldest record, not the newest.
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    return new TopicReader<>(
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
        topic,
        format);
  }

  public enum Start {
    BEGINNING,
    END
  }

  /** Where reading ends, unless the sink or {@link #stop} ends it earlier. */
  public enum Stop {
    NEVER,
    /** At the end offsets of the time when reading began. */
    END_AT_START
  }

  /** Receives the records on the reading thread; each method returns whether to continue. */
  public interface Sink<T> {
    boolean record(T record);

    boolean malformed(String where, String reason);
  }

  /** Reads until the sink returns false, the end is reached, or {@link #stop} is called. */
  public void read(Start start, Stop stop, Sink<T> sink) {
    try {
      // For a read-committed consumer the end is before the first open transaction.
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      if (start == Start.BEGINNING) {
        consumer.seekToBeginning(partitions);
      } else {
        ends.forEach(consumer::seek);
      }
      Map<TopicPartition, Long> unreached = new HashMap<>(ends);
      while (true) {
        if (stop == Stop.END_AT_START) {
          // Compares positions, not records, because transaction markers occupy offsets.
          unreached.entrySet().removeIf(end -> consumer.position(end.getKey()) >= end.getValue());
          if (unreached.isEmpty()) {
            return;
          }
        }
        if (!deliver(consumer.poll(POLL), stop, ends, sink)) {
          return;
        }
      }
    } catch (WakeupException e) {
      // stop() was called.
    }
  }

  private boolean deliver(
      ConsumerRecords<byte[], byte[]> records,
      Stop stop,
      Map<TopicPartition, Long> ends,
      Sink<T> sink) {
    for (ConsumerRecord<byte[], byte[]> record : records) {
      TopicPartition partition = new TopicPartition(record.topic(), record.partition());
      if (stop == Stop.END_AT_START && record.offset() >= ends.get(partition)) {
        continue;
      }
      if (!deliver(record, sink)) {
        return false;
      }
    }
    return true;
  }

  private boolean deliver(ConsumerRecord<byte[], byte[]> record, Sink<T> sink) {
    T value;
    try {
      value = format.decode(Optional.ofNullable(record.value()).orElseGet(() -> new byte[0]));
    } catch (MalformedRecordException e) {
      String where = "%s[%d]@%d".formatted(record.topic(), record.partition(), record.offset());
      return sink.malformed(where, e.getMessage());
    }
    return sink.record(value);
  }

  /** Ends the current read. Thread-safe. */
  public void stop() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
