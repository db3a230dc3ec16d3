package io.tagstream.local;

import io.tagstream.job.sink.TransactionLimits;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.TopicAdministration;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.Settings;
import io.tagstream.settings.TopicSettings;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * A Kafka broker and its controller in this JVM. Its data are in a folder, which a later start uses
 * again, also after a crash. {@link #close()} shuts it down cleanly.
 */
public final class LocalBroker implements AutoCloseable {

  /** The default address to listen on. */
  public static final String LOOPBACK = "127.0.0.1";

  private static final int NODE = 1;
  private static final int MEBIBYTE = 1 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final KafkaRaftServer server;
  private final String bootstrapServer;

  private LocalBroker(KafkaRaftServer server, String bootstrapServer) {
    this.server = server;
    this.bootstrapServer = bootstrapServer;
  }

  /**
   * Starts a broker and waits until it serves, which takes some seconds.
   *
   * @param directory its data; created if missing. The caller ensures that no other broker uses it
   * @param host the address to listen on and to advertise to clients
   * @param port the port to listen on; 0 for a free one
   * @param portOption the option that chooses the port, for the error message
   * @param overrides broker settings that override the ones set here
   * @throws UserException when the port is taken
   */
  public static LocalBroker start(
      Path directory, String host, int port, String portOption, Map<String, String> overrides) {
    int listener = LocalPorts.choose(host, port, portOption);
    Map<String, String> settings = new HashMap<>(settings(directory));
    // Each start may use another controller port, because only this process connects to it.
    int controller = LocalPorts.choose(LOOPBACK, 0, portOption);
    settings.put("controller.quorum.voters", "%d@%s:%d".formatted(NODE, LOOPBACK, controller));
    settings.put(
        "listeners",
        "PLAINTEXT://%s:%d,CONTROLLER://%s:%d".formatted(host, listener, LOOPBACK, controller));
    settings.put("advertised.listeners", "PLAINTEXT://%s:%d".formatted(host, listener));
    settings.putAll(overrides);
    format(directory);
    KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(settings, false), Time.SYSTEM);
    server.startup();
    return new LocalBroker(server, host + ":" + listener);
  }

  /** The address for clients: {@code HOST:PORT}. */
  public String bootstrapServer() {
    return bootstrapServer;
  }

  /** Creates the missing topics; existing topics are not changed. */
  public void createTopics(Topics topics, Settings settings) {
    KafkaConnection connection = new KafkaConnection(bootstrapServer(), PATIENCE, Map.of());
    try (Admin admin = connection.admin()) {
      new TopicAdministration(admin).ensure(topics, settings.get(TopicSettings.class));
    }
  }

  @Override
  public void close() {
    server.shutdown();
    server.awaitShutdown();
  }

  private static Map<String, String> settings(Path directory) {
    Map<String, String> settings = new HashMap<>();
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", Integer.toString(NODE));
    settings.put("controller.listener.names", "CONTROLLER");
    settings.put("log.dirs", directory.toString());
    settings.put("auto.create.topics.enable", "false");
    // Each topic has its own limit, at most 22 MiB; the rest is room for a record's frame.
    settings.put("message.max.bytes", Integer.toString(24 * MEBIBYTE));
    settings.put("replica.fetch.max.bytes", Integer.toString(24 * MEBIBYTE));
    // A single node cannot replicate.
    settings.put("default.replication.factor", "1");
    settings.put("offsets.topic.replication.factor", "1");
    settings.put("transaction.state.log.replication.factor", "1");
    settings.put("transaction.state.log.min.isr", "1");
    // A job survives an outage of kafka.outage (1 h) only if transactions may last longer.
    settings.put(
        "transaction.max.timeout.ms", Long.toString(TransactionLimits.ADVISED_TIMEOUT.toMillis()));
    settings.put("share.coordinator.state.topic.replication.factor", "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    // The default of 50 partitions for each internal topic would take seconds at the first use.
    settings.put("offsets.topic.num.partitions", "4");
    settings.put("transaction.state.log.num.partitions", "4");
    settings.put("share.coordinator.state.topic.num.partitions", "1");
    settings.put("group.initial.rebalance.delay.ms", "0");
    settings.put("num.network.threads", "2");
    settings.put("num.io.threads", "4");
    settings.put("background.threads", "2");
    settings.put("num.recovery.threads.per.data.dir", "1");
    // The default of 128 MiB is allocated at the start.
    settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 * MEBIBYTE));
    settings.put("log.index.size.max.bytes", Integer.toString(MEBIBYTE));
    return settings;
  }

  /**
   * Formats an empty folder for a broker. A formatted folder is not changed and keeps its cluster
   * id.
   */
  private static void format(Path directory) {
    if (Files.exists(directory.resolve("meta.properties"))) {
      return;
    }
    try {
      Files.createDirectories(directory);
      new Formatter()
          .setNodeId(NODE)
          .setClusterId(Uuid.randomUuid().toString())
          .addDirectory(directory.toString())
          .setMetadataLogDirectory(directory.toString())
          .setControllerListenerName("CONTROLLER")
          .setPrintStream(
              new PrintStream(PrintStream.nullOutputStream(), false, StandardCharsets.UTF_8))
          .run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Exception e) {
      // Formatter.run() declares no narrower type.
      throw new IllegalStateException("cannot prepare " + directory + " for the broker", e);
    }
  }
}
