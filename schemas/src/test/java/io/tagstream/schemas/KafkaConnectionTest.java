package io.tagstream.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.settings.DataSize;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class KafkaConnectionTest {
  private static final Duration SHORT = Duration.ofMillis(300);

  @Test
  void aRefusedConnectionIsReportedAfterTheWait() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    String address = "127.0.0.1:" + port;
    assertThatThrownBy(() -> new KafkaConnection(address, SHORT, Map.of()).awaitBroker())
        .isInstanceOf(UserException.class)
        .message()
        .startsWith("no broker at " + address + " (waited 300 ms: ")
        .contains("tagstream broker", "--bootstrap-server");
  }

  @Test
  void aHostWithoutAnAddressIsNamed() {
    assertThatThrownBy(
            () ->
                new KafkaConnection("no-such-host.invalid:9092", SHORT, Map.of())
                    .requireTopics(List.of("images")))
        .hasMessageContaining("unknown host no-such-host.invalid");
  }

  @Test
  void aServerThatIsNoBrokerIsReported() throws IOException {
    try (ServerSocket mute = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + mute.getLocalPort();
      assertThatThrownBy(() -> new KafkaConnection(address, SHORT, Map.of()).awaitBroker())
          .isInstanceOf(UserException.class)
          .hasMessageStartingWith(address + " accepts connections but does not answer");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "localhost", ":9092", "localhost:", "localhost:99999", "a:1,,b:2"})
  void anAddressIsHostAndPort(String text) {
    assertThatThrownBy(() -> new KafkaConnection(text, SHORT, Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("HOST:PORT");
  }

  @Test
  void requestsAndFetchesHoldTheLargestRecord() {
    KafkaConnection connection = new KafkaConnection("a:1,[::1]:2", SHORT, Map.of());
    assertThat(connection.producerProperties())
        .containsEntry("bootstrap.servers", "a:1,[::1]:2")
        .containsEntry("acks", "all")
        .containsEntry("enable.idempotence", "true")
        .containsEntry("max.request.size", "23068672");
    assertThat(connection.consumerProperties())
        .containsEntry("isolation.level", "read_committed")
        .containsEntry("max.partition.fetch.bytes", "23068672")
        .containsEntry("fetch.max.bytes", "23068672");
    assertThat(connection.largestRequest()).isEqualTo(DataSize.ofMebibytes(22));
  }

  @Test
  void theUsersPropertiesOverrideOursExceptTheIsolationLevel() {
    Map<String, String> user =
        Map.of(
            "compression.type", "zstd",
            "isolation.level", "read_uncommitted",
            "security.protocol", "SSL");
    KafkaConnection connection = new KafkaConnection("a:1", SHORT, user);
    assertThat(connection.producerProperties()).containsEntry("compression.type", "zstd");
    Properties consumer = connection.consumerProperties();
    assertThat(consumer)
        .containsEntry("security.protocol", "SSL")
        .containsEntry("isolation.level", "read_committed");
  }

  @Command
  static final class Any {
    @Mixin KafkaOptions kafka = new KafkaOptions();
  }

  private static KafkaOptions options(String... args) {
    Any command = new Any();
    new CommandLine(command).parseArgs(args);
    return command.kafka;
  }

  private static KafkaConnection connection(String... args) {
    KafkaOptions options = options(args);
    Settings settings = options.settings();
    return options.connection(settings);
  }

  @Test
  void optionsSetAddressAndWait() {
    assertThat(connection().bootstrapServers()).isEqualTo("127.0.0.1:9092");
    assertThat(connection().patience()).isEqualTo(Duration.ofSeconds(30));
    assertThat(connection("--bootstrap-server", "h:1", "--wait", "2 s"))
        .isEqualTo(new KafkaConnection("h:1", Duration.ofSeconds(2), Map.of()));
    assertThat(connection("--bootstrap", "h:1").bootstrapServers()).isEqualTo("h:1");
    assertThat(connection("--set", "kafka.bootstrap.servers=k:2").bootstrapServers())
        .isEqualTo("k:2");
    assertThat(
            connection("--set", "kafka.bootstrap.servers=k:2", "--bootstrap", "h:1")
                .commonProperties())
        .containsEntry("bootstrap.servers", "h:1");
    assertThat(options("--topic-prefix", "x.").topics().images()).isEqualTo("x.images");
  }

  @Test
  void invalidOptionsAreWrongUsage() {
    assertThatThrownBy(() -> options("--topic-prefix", "a/b").topics())
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("--topic-prefix: ");
    assertThatThrownBy(() -> connection("--bootstrap", "h"))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("--bootstrap-server: ");
  }
}
