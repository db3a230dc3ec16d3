package io.tagstream.job.sink;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OutageTest {

  /** The outage, then Kafka's three time-outs as given (empty for none) and as computed. */
  @ParameterizedTest
  @CsvSource({
    "PT1H,,,, 3600000, 30000, 3600000",
    "PT10S,,,, 10000, 5000, 10000",
    "PT1S,,,, 1000, 500, 1000",
    "PT1M,,90000,, 60000, 90000, 90005",
    "PT1H,7000,,, 7000, 30000, 3600000",
    "PT1H,,1000,4000, 3600000, 1000, 4000",
  })
  void aProducerWaitsAsLongAsTheOutage(
      Duration patience,
      String givenBlock,
      String givenRequest,
      String givenDelivery,
      String block,
      String request,
      String delivery) {
    Properties given = new Properties();
    put(given, "max.block.ms", givenBlock);
    put(given, "request.timeout.ms", givenRequest);
    put(given, "delivery.timeout.ms", givenDelivery);
    Properties producer = Outage.of("127.0.0.1:1", patience, given).producer();
    assertThat(producer)
        .containsAllEntriesOf(
            Map.of(
                "max.block.ms", block,
                "request.timeout.ms", request,
                "delivery.timeout.ms", delivery));
    producer.put("bootstrap.servers", "127.0.0.1:1");
    producer.put("key.serializer", ByteArraySerializer.class.getName());
    producer.put("value.serializer", ByteArraySerializer.class.getName());
    // Kafka validates the combination.
    assertThat(new ProducerConfig(producer).getInt("delivery.timeout.ms"))
        .isEqualTo(Integer.parseInt(delivery));
  }

  private static void put(Properties properties, String key, String value) {
    if (value != null) {
      properties.put(key, value);
    }
  }
}
