package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.label.ImageRetention;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code labels.retention} against the retention of the images topic. */
@Timeout(60)
final class ImageRetentionTest {
  @TempDir private Path directory;

  @Test
  void labelsRetentionMayNotExceedTheImagesRetention() throws Exception {
    try (LocalBroker broker =
        LocalBroker.start(directory, LocalBroker.LOOPBACK, 0, "--port", Map.of())) {
      KafkaConnection connection = TestStream.connection(broker);
      try (Admin admin = connection.admin()) {
        admin
            .createTopics(
                List.of(
                    topic("hours", Map.of("retention.ms", "7200000")),
                    topic("ever", Map.of("retention.ms", "-1", "retention.bytes", "1000000"))))
            .all()
            .get();
      }
      assertThatThrownBy(
              () -> ImageRetention.check(connection, "hours", Duration.ofMillis(7_200_001)))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("labels.retention")
          .hasMessageContaining("hours deletes its images after 2 h (retention.ms)");
      assertThatCode(
              () -> {
                ImageRetention.check(connection, "hours", Duration.ofHours(2));
                ImageRetention.check(connection, "ever", Duration.ofDays(300));
              })
          .doesNotThrowAnyException();
      assertThatThrownBy(() -> ImageRetention.check(connection, "missing", Duration.ofHours(2)))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("missing");
    }
  }

  private static NewTopic topic(String name, Map<String, String> configuration) {
    return new NewTopic(name, 1, (short) 1).configs(configuration);
  }
}
