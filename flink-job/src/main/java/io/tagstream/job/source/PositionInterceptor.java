package io.tagstream.job.source;

import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Tells {@link Positions} what a poll gave: the connector keeps its consumer and the consumer's
 * position to itself. Made by the consumer.
 */
public final class PositionInterceptor implements ConsumerInterceptor<byte[], byte[]> {
  private static final String POSITIONS = "tagstream.positions";

  private Positions positions;

  /** A consumer's properties with an interceptor that tells these positions. */
  static Properties telling(Positions positions, Properties consumer) {
    Properties telling = new Properties();
    telling.putAll(consumer);
    telling.put(POSITIONS, positions);
    // The first, because others may take records out.
    telling.merge(
        ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG,
        PositionInterceptor.class.getName(),
        (others, own) -> own + "," + others);
    return telling;
  }

  @Override
  public void configure(Map<String, ?> consumer) {
    positions = (Positions) consumer.get(POSITIONS);
  }

  @Override
  public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
    positions.read(records);
    return records;
  }

  @Override
  public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

  @Override
  public void close() {}
}
