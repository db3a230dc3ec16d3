package io.tagstream.job.source;

import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Reports the result of each poll to {@link Positions}: the connector exposes neither its consumer
 * nor the consumer's position. The consumer instantiates this class.
 */
public final class PositionInterceptor implements ConsumerInterceptor<byte[], byte[]> {
  private static final String POSITIONS = "tagstream.positions";

  private Positions positions;

  /** A consumer's properties plus an interceptor that reports to these positions. */
  static Properties reportingTo(Positions positions, Properties consumer) {
    Properties properties = new Properties();
    properties.putAll(consumer);
    properties.put(POSITIONS, positions);
    // The first interceptor, because others may remove records.
    properties.merge(
        ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG,
        PositionInterceptor.class.getName(),
        (others, own) -> own + "," + others);
    return properties;
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
