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
 * Address of the brokers, how long to wait for them, and client properties that suit the topics.
 *
 * @param bootstrapServers {@code HOST:PORT}, several joined by commas
 * @param patience how long to wait for a broker and the topics
 * @param clientProperties the user's Kafka properties, which override those set here, except the
 *     servers and the isolation level
 */
public record KafkaConnection(
    String bootstrapServers, Duration patience, Map<String, String> clientProperties) {
  private static final Pattern ADDRESS = Pattern.compile("\\[?(.+?)]?:(\\d{1,5})");
  private static final Duration PAUSE = Duration.ofMillis(200);

  /** An attempt gets this long even when the wait is over or zero. */
  private static final Duration ONE_ATTEMPT = Duration.ofSeconds(2);

  private static final int REQUEST_BYTES = TopicAdministration.REJECTION_RECORD_BYTES;

  /** Room for three of the largest records, enough to keep the connection busy. */
  private static final long BUFFER_BYTES = 3L * REQUEST_BYTES;

  /**
   * @throws IllegalArgumentException when an address is not HOST:PORT
   */
  public KafkaConnection {
    clientProperties = Map.copyOf(clientProperties);
    addresses(bootstrapServers);
  }

  /** A new admin client, which the caller closes. Does not wait for a broker. */
  public Admin admin() {
    return Admin.create(commonProperties());
  }

  /** Properties of any client: the servers and the user's properties. */
  public Properties commonProperties() {
    Properties properties = new Properties();
    properties.putAll(clientProperties);
    properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    return properties;
  }

  /**
   * Properties of an idempotent producer whose requests can hold the largest record. It does not
   * compress, because encoded images are compressed already.
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

  /** The largest request of a producer, and therefore the largest record. */
  public DataSize largestRequest() {
    return new DataSize(
        Long.parseLong(producerProperties().getProperty(ProducerConfig.MAX_REQUEST_SIZE_CONFIG)));
  }

  /**
   * Properties of a read-committed consumer. A fetch holds the largest record and no more, because
   * each broker's response is held whole in the heap.
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
   * @throws UserException with host and port when none did in time
   */
  public void awaitBroker() {
    awaitBroker(deadline());
  }

  /** Whether a broker answers within two seconds. */
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
   * @throws UserException with the missing topics and the command that creates them, when that did
   *     not happen in time
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
   * Why no address accepts a connection; empty when one does. A plain socket is tried before
   * Kafka's client, because that logs each failed attempt.
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
      // Without a timeout, close waits up to a minute for the pending response.
      admin.close(Duration.ZERO);
    }
  }

  private UserException noAnswer(Throwable cause) {
    return new UserException(
        "%s accepts connections but does not answer as a Kafka broker (waited %s): check --bootstrap-server and the kafka. settings"
            .formatted(bootstrapServers, DurationText.format(patience)),
        cause);
  }

  private long deadline() {
    return System.nanoTime() + patience.toNanos();
  }

  /** The time left, but at least enough for one attempt. */
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
