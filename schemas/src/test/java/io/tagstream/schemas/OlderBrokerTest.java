package io.tagstream.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.settings.Settings;
import io.tagstream.settings.TopicSettings;
import io.tagstream.settings.UserException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.junit.jupiter.api.Test;

/** Creating topics on a broker that does not know every topic configuration. */
class OlderBrokerTest {
  private static final TopicSettings SETTINGS = Settings.defaults().get(TopicSettings.class);

  private final List<NewTopic> created = new ArrayList<>();

  private static final class Answer extends CreateTopicsResult {
    Answer(String topic, KafkaFuture<TopicMetadataAndConfig> future) {
      super(Map.of(topic, future));
    }
  }

  /** Refuses a topic, as an older broker does, if it has a configuration of one of these names. */
  private Admin broker(Set<String> unknown) {
    return (Admin)
        Proxy.newProxyInstance(
            Admin.class.getClassLoader(),
            new Class<?>[] {Admin.class},
            (proxy, method, arguments) -> {
              if (!method.getName().equals("createTopics")) {
                throw new UnsupportedOperationException(method.getName());
              }
              NewTopic topic = (NewTopic) ((Collection<?>) arguments[0]).iterator().next();
              KafkaFutureImpl<CreateTopicsResult.TopicMetadataAndConfig> future =
                  new KafkaFutureImpl<>();
              topic.configs().keySet().stream()
                  .filter(unknown::contains)
                  .findFirst()
                  .ifPresentOrElse(
                      name ->
                          future.completeExceptionally(
                              new InvalidConfigurationException(
                                  "Unknown topic config name: " + name)),
                      () -> {
                        created.add(topic);
                        future.complete(null);
                      });
              return new Answer(topic.name(), future);
            });
  }

  private static TopicAdministration.Plan plan(String topic) {
    return TopicAdministration.plans(new Topics(""), SETTINGS).stream()
        .filter(plan -> plan.topic().equals(topic))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void inputTopicsLimitTheDecompressedSize() {
    for (String topic : List.of("images", "labeled-images", "labels")) {
      assertThat(plan(topic).whereKnown())
          .containsExactly(Map.entry("max.decompressed.message.bytes", 21L << 20));
    }
    assertThat(plan("rejected-images").whereKnown()).isEmpty();
    new TopicAdministration(broker(Set.of())).create(plan("images"), SETTINGS);
    assertThat(created)
        .singleElement()
        .satisfies(
            topic ->
                assertThat(topic.configs())
                    .containsEntry("max.decompressed.message.bytes", "22020096"));
  }

  @Test
  void aBrokerThatDoesNotKnowTheLimitGetsTheTopicWithoutIt() {
    assertThat(
            new TopicAdministration(broker(Set.of("max.decompressed.message.bytes")))
                .create(plan("images"), SETTINGS))
        .isTrue();
    assertThat(created)
        .singleElement()
        .satisfies(
            topic ->
                assertThat(topic.configs())
                    .doesNotContainKey("max.decompressed.message.bytes")
                    .containsEntry("max.message.bytes", "22020096"));
  }

  @Test
  void anotherConfigurationThatIsRefusedStaysAnError() {
    assertThatThrownBy(
            () ->
                new TopicAdministration(broker(Set.of("max.message.bytes")))
                    .create(plan("images"), SETTINGS))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("max.message.bytes");
    assertThat(created).isEmpty();
  }
}
