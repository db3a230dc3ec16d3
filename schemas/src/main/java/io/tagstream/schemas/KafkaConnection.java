package io.tagstream.schemas;

import io.tagstream.settings.DataSize;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaFuture;

/**
 * Where the broker is, how long to wait for it, and the client properties that fit the topics.
 *
 * @param bootstrapServers {@code HOST:PORT}, several joined by commas
 * @param patience how long to wait for broker and topics
 * @param clientProperties Kafka's own, which go before those given here
 */
public record KafkaConnection(
    String bootstrapServers, Duration patience, Map<String, String> clientProperties) {
  private static final Pattern ADDRESS = Pattern.compile("\\[?(.+?)]?:(\\d{1,5})");
  private static final Duration PAUSE = Duration.ofMillis(200);

  /** Even without any wait, an answer takes its time. */
  private static final Duration ONE_ATTEMPT = Duration.ofSeconds(2);

  private static final int REQUEST_BYTES = TopicAdministration.REJECTION_RECORD_BYTES;

  /** Three of the largest records on their way: enough to keep the connection busy. */
  private static final long BUFFER_BYTES = 3L * REQUEST_BYTES;

  /**
   * @throws IllegalArgumentException when an address is not HOST:PORT
   */
  public KafkaConnection {
    clientProperties = Map.copyOf(clientProperties);
    addresses(bootstrapServers);
  }

  /** An admin client, which the caller closes. Waits for nothing. */
  public Admin admin() {
    return Admin.create(commonProperties());
  }

  /** Properties of any client: the servers, and what the user passes through. */
  public Properties commonProperties() {
    Properties properties = new Properties();
    properties.putAll(clientProperties);
    properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    return properties;
  }

  /**
   * An idempotent producer's, whose requests hold the largest record. Without compression, because
   * pictures are compressed already.
   */
  public Properties producerProperties() {
    Properties properties = new Properties();
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
    properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "none");
    properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.toString(REQUEST_BYTES));
    properties.put(ProducerConfig.BUFFER_MEMORY_CONFIG, Long.toString(BUFFER_BYTES));
    properties.putAll(commonProperties());
    return properties;
  }

  /** What a producer's request holds at most, and so a record. */
  public DataSize largestRequest() {
    return new DataSize(
        Long.parseLong(producerProperties().getProperty(ProducerConfig.MAX_REQUEST_SIZE_CONFIG)));
  }

  /**
   * A read-committed consumer's, whose fetches hold the largest record and no more than that, since
   * each broker's answer stands whole in the heap.
   */
  public Properties consumerProperties() {
    Properties properties = new Properties();
    properties.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, Integer.toString(REQUEST_BYTES));
    properties.put(
        ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, Integer.toString(REQUEST_BYTES));
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    properties.putAll(commonProperties());
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    return properties;
  }

  /**
   * Returns once a broker answers.
   *
   * @throws UserException when none did in time, with host and port
   */
  public void awaitBroker() {
    awaitBroker(deadline());
  }

  /** Whether a broker answers now, or within two seconds. */
  public boolean answers() {
    try {
      new KafkaConnection(bootstrapServers, Duration.ZERO, clientProperties).awaitBroker();
      return true;
    } catch (UserException e) {
      return false;
    }
  }

  /**
   * Returns once a broker answers and has these topics.
   *
   * @throws UserException when that did not happen in time, with the topics that are missing and
   *     the command that creates them
   */
  public void requireTopics(Collection<String> topics) {
    long deadline = deadline();
    awaitBroker(deadline);
    TreeSet<String> missing = new TreeSet<>(topics);
    do {
      missing.removeAll(ask(admin -> admin.listTopics().names(), deadline));
    } while (!missing.isEmpty() && pauseBefore(deadline));
    if (!missing.isEmpty()) {
      throw new UserException(
          "%s has no %s %s (waited %s): create it with tagstream topics, or check --topic-prefix"
              .formatted(
                  bootstrapServers,
                  missing.size() == 1 ? "topic" : "topics",
                  String.join(", ", missing),
                  DurationText.format(patience)));
    }
  }

  private void awaitBroker(long deadline) {
    Optional<String> refusal;
    do {
      refusal = refusal(deadline);
    } while (refusal.isPresent() && pauseBefore(deadline));
    refusal.ifPresent(
        reason -> {
          throw new UserException(
              "no broker at %s (waited %s: %s): start one with tagstream broker, or name another with --bootstrap-server"
                  .formatted(bootstrapServers, DurationText.format(patience), reason));
        });
    ask(admin -> admin.describeCluster().nodes(), deadline);
  }

  /**
   * Why no address accepts a connection; empty when one does. Kafka's client is not asked before,
   * because it logs each failed attempt.
   */
  private Optional<String> refusal(long deadline) {
    String reason = "";
    for (InetSocketAddress address : addresses(bootstrapServers)) {
      if (address.isUnresolved()) {
        reason = "unknown host " + address.getHostString();
        continue;
      }
      try (Socket socket = new Socket()) {
        socket.connect(address, (int) attempt(deadline).toMillis());
        return Optional.empty();
      } catch (IOException e) {
        reason = Optional.ofNullable(e.getMessage()).orElse(e.getClass().getSimpleName());
      }
    }
    return Optional.of(reason);
  }

  private <T> T ask(Function<Admin, KafkaFuture<T>> question, long deadline) {
    Admin admin = admin();
    try {
      return question.apply(admin).get(attempt(deadline).toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw noAnswer(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof org.apache.kafka.common.errors.TimeoutException) {
        throw noAnswer(e.getCause());
      }
      throw new UserException(
          "the broker at %s refuses: %s".formatted(bootstrapServers, e.getCause().getMessage()),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while waiting for " + bootstrapServers, e);
    } finally {
      // Without a limit it waits a minute for the answer that did not come.
      admin.close(Duration.ZERO);
    }
  }

  private UserException noAnswer(Throwable cause) {
    return new UserException(
        "%s accepts connections but gives no answer as a Kafka broker does (waited %s): check --bootstrap-server and the kafka. settings"
            .formatted(bootstrapServers, DurationText.format(patience)),
        cause);
  }

  private long deadline() {
    return System.nanoTime() + patience.toNanos();
  }

  /** What is left, and time for one attempt at least. */
  private static Duration attempt(long deadline) {
    Duration left = Duration.ofNanos(deadline - System.nanoTime());
    return left.compareTo(ONE_ATTEMPT) < 0 ? ONE_ATTEMPT : left;
  }

  /** False when the deadline has passed. */
  private static boolean pauseBefore(long deadline) {
    if (System.nanoTime() - deadline >= 0) {
      return false;
    }
    try {
      Thread.sleep(PAUSE.toMillis());
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static List<InetSocketAddress> addresses(String servers) {
    return Stream.of(servers.split(",", -1)).map(KafkaConnection::address).toList();
  }

  private static InetSocketAddress address(String server) {
    Matcher matcher = ADDRESS.matcher(server.strip());
    if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > 65_535) {
      throw new IllegalArgumentException(
          "a broker's address is HOST:PORT, such as 127.0.0.1:9092, not '%s'".formatted(server));
    }
    return new InetSocketAddress(matcher.group(1), Integer.parseInt(matcher.group(2)));
  }
}
