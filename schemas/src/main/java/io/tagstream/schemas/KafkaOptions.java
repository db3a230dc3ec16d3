package io.tagstream.schemas;

import io.tagstream.settings.DurationText;
import io.tagstream.settings.Settings;
import io.tagstream.settings.SettingsOptions;
import io.tagstream.settings.UsageException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.CommonClientConfigs;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every command that connects to Kafka. */
public final class KafkaOptions {
  private static final String DEFAULT_SERVERS = "127.0.0.1:9092";

  @Option(
      names = {"--bootstrap-server", "--bootstrap"},
      paramLabel = "HOST:PORT",
      description = "The broker (default: kafka.bootstrap.servers, else " + DEFAULT_SERVERS + ").")
  private Optional<String> servers = Optional.empty();

  @Option(names = "--topic-prefix", paramLabel = "P", description = "Prefix of each topic's name.")
  private String prefix = "";

  @Option(
      names = "--wait",
      paramLabel = "TIME",
      converter = DurationText.class,
      description = "How long to wait for the broker and the topics (default: 30 s).")
  private Duration wait = Duration.ofSeconds(30);

  @Mixin private SettingsOptions settings = new SettingsOptions();

  /**
   * The settings from the file, the environment and {@code --set}.
   *
   * @throws UsageException with every problem in one line
   */
  public Settings settings() {
    return settings.load();
  }

  /**
   * As {@link #settings()}, with settings that the command's options imply, which override all
   * others.
   */
  public Settings settings(Map<String, String> options) {
    return settings.load(options);
  }

  /**
   * The names of the topics.
   *
   * @throws UsageException when the prefix is not allowed in a topic's name
   */
  public Topics topics() {
    try {
      return new Topics(prefix);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--topic-prefix: " + e.getMessage(), e);
    }
  }

  /**
   * The connection to the brokers, with the settings' {@code kafka.} properties.
   *
   * @throws UsageException when the address is not HOST:PORT
   */
  public KafkaConnection connection(Settings settings) {
    String address =
        servers.orElse(
            settings
                .kafka()
                .getOrDefault(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, DEFAULT_SERVERS));
    try {
      return new KafkaConnection(address, wait, settings.kafka());
    } catch (IllegalArgumentException e) {
      throw new UsageException("--bootstrap-server: " + e.getMessage(), e);
    }
  }

  /**
   * The connection, if an option or a setting names a broker.
   *
   * @throws UsageException when the address is not HOST:PORT
   */
  public Optional<KafkaConnection> namedConnection(Settings settings) {
    boolean named =
        servers.isPresent()
            || settings.kafka().containsKey(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
    return named ? Optional.of(connection(settings)) : Optional.empty();
  }
}
