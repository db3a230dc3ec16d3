package io.tagstream.schemas;

import io.tagstream.settings.UserException;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;

/**
 * The smaller of a topic's limit, which is read from the broker on each call, and a producer's.
 *
 * @param properties of an admin client
 * @param largestRequest the producer's limit, in bytes
 */
public record TopicLimit(Properties properties, String topic, long largestRequest)
    implements RecordLimit {

  /** The limit of a topic for producers with this connection's properties. */
  public static TopicLimit of(KafkaConnection connection, String topic) {
    Properties producer = connection.producerProperties();
    return new TopicLimit(
        connection.commonProperties(),
        topic,
        Math.min(
            connection.largestRequest().bytes(),
            Long.parseLong(producer.getProperty(ProducerConfig.BUFFER_MEMORY_CONFIG))));
  }

  @Override
  public long largestBatch() {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try (Admin admin = Admin.create(properties)) {
      Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
      long allowed =
          Optional.ofNullable(config.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG))
              .map(ConfigEntry::value)
              .map(Long::parseLong)
              .orElseThrow(
                  () ->
                      new UserException(
                          "the broker does not report max.message.bytes of " + topic));
      return Math.min(allowed, largestRequest);
    } catch (ExecutionException e) {
      throw new UserException(
          "the broker does not report how large a record of %s may be: %s; the job needs DESCRIBE_CONFIGS on the topic"
              .formatted(topic, e.getCause().getMessage()),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while talking to the broker", e);
    }
  }
}
