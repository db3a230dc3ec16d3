package io.tagstream.local;

import io.tagstream.schemas.KafkaConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/**
 * A broker that can be stopped, killed and started again with the same ports and data. It has two
 * listeners: one for direct clients, and one that it advertises with the address of a relay.
 */
final class BrokerProcess {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path directory;
  private final int port = freePort();
  private final int relayedPort = freePort();
  private final Relay relay;
  private final Map<String, String> settings;
  private Process process;

  /**
   * Starts it and waits until it serves.
   *
   * @param settings of the broker that override {@link LocalBroker}'s
   */
  BrokerProcess(Path directory, Map<String, String> settings) throws IOException {
    this.directory = directory;
    this.settings = settings;
    relay = new Relay(relayedPort);
    start();
  }

  /** The relay between the broker and clients of {@link #relayedServer}. */
  Relay relay() {
    return relay;
  }

  /** Address for direct clients. */
  KafkaConnection connection() {
    return new KafkaConnection("127.0.0.1:" + port, PATIENCE, Map.of());
  }

  /** Address for clients whose network can be cut. */
  String relayedServer() {
    return "127.0.0.1:" + relay.port();
  }

  void start() throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                BrokerProcess.class.getName(),
                directory.toString(),
                Integer.toString(port),
                Integer.toString(relayedPort),
                Integer.toString(relay.port())));
    settings.forEach((key, value) -> command.add(key + "=" + value));
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(directory.resolveSibling("broker.log").toFile()))
            .start();
    try (Admin admin = connection().admin()) {
      admin.describeCluster().nodes().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      throw new IllegalStateException("no broker; see broker.log", e);
    }
  }

  /** Shuts the broker down cleanly. */
  void stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      kill();
    }
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Stops broker and relay. */
  void end() throws IOException, InterruptedException {
    stop();
    relay.close();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Main method of the process; arguments: folder, port, relayed port, relay's port, settings. */
  public static void main(String[] arguments) throws Exception {
    int controller = freePort();
    Map<String, String> settings = new HashMap<>();
    settings.put("controller.quorum.voters", "1@127.0.0.1:" + controller);
    settings.put(
        "listener.security.protocol.map",
        "PLAINTEXT:PLAINTEXT,RELAYED:PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.put("inter.broker.listener.name", "PLAINTEXT");
    settings.put(
        "listeners",
        "PLAINTEXT://127.0.0.1:%s,RELAYED://127.0.0.1:%s,CONTROLLER://127.0.0.1:%d"
            .formatted(arguments[1], arguments[2], controller));
    settings.put(
        "advertised.listeners",
        "PLAINTEXT://127.0.0.1:%s,RELAYED://127.0.0.1:%s".formatted(arguments[1], arguments[3]));
    for (int i = 4; i < arguments.length; i++) {
      String[] setting = arguments[i].split("=", 2);
      settings.put(setting[0], setting[1]);
    }
    CountDownLatch stopped = new CountDownLatch(1);
    LocalBroker broker =
        LocalBroker.start(
            Path.of(arguments[0]), "127.0.0.1", Integer.parseInt(arguments[1]), "port", settings);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  broker.close();
                  stopped.countDown();
                }));
    stopped.await();
  }
}
