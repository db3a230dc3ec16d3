package io.tagstream.job.sink;

import io.tagstream.schemas.KafkaConnection;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigResource;

/**
 * How long the broker keeps the transactions of a crashed job.
 *
 * @param timeout the longest time that it lets a transaction stay open
 * @param idExpiration the time after which it forgets an unused transactional id
 */
public record TransactionLimits(Duration timeout, Duration idExpiration) {
  /** The time-out that a broker should allow for a job to survive an outage of an hour. */
  public static final Duration ADVISED_TIMEOUT = Duration.ofHours(2);

  private static final String MAX_TIMEOUT = "transaction.max.timeout.ms";
  private static final String ID_EXPIRATION = "transactional.id.expiration.ms";

  /**
   * Reads the limits from the broker.
   *
   * @throws UserException when the broker does not report them
   */
  public static TransactionLimits of(KafkaConnection connection) {
    try (Admin admin = connection.admin()) {
      String node = admin.describeCluster().nodes().get().iterator().next().idString();
      ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, node);
      Config config = admin.describeConfigs(List.of(broker)).all().get().get(broker);
      return new TransactionLimits(
          milliseconds(config, MAX_TIMEOUT), milliseconds(config, ID_EXPIRATION));
    } catch (ExecutionException e) {
      throw new UserException(
          "the broker does not report its limits on transactions: %s; the job needs DESCRIBE_CONFIGS on the cluster"
              .formatted(e.getCause().getMessage()),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while talking to the broker", e);
    }
  }

  /**
   * A message for the broker's operator, if the broker allows less than {@link #ADVISED_TIMEOUT}.
   */
  public Optional<String> advice() {
    return timeout.compareTo(ADVISED_TIMEOUT) >= 0
        ? Optional.empty()
        : Optional.of(
            "the broker ends transactions after %s (transaction.max.timeout.ms): a longer outage loses predictions that were not committed; set it to %s (%d ms) on the broker"
                .formatted(
                    DurationText.format(timeout),
                    DurationText.format(ADVISED_TIMEOUT),
                    ADVISED_TIMEOUT.toMillis()));
  }

  private static Duration milliseconds(Config config, String name) {
    return Optional.ofNullable(config.get(name))
        .map(ConfigEntry::value)
        .map(value -> Duration.ofMillis(Long.parseLong(value)))
        .orElseThrow(() -> new UserException("the broker does not report its " + name));
  }

  private static Duration milliseconds(String setting) {
    try {
      return Duration.ofMillis(Long.parseLong(setting));
    } catch (NumberFormatException e) {
      throw new UsageException(
          "kafka.transaction.timeout.ms: %s is not a number of milliseconds".formatted(setting), e);
    }
  }

  /**
   * The time-out for the job's transactions: the user's, else the broker's maximum, because a
   * transaction that times out before it is committed is lost.
   *
   * @throws UserException when the user's is longer than the broker's
   */
  public Duration timeoutFor(KafkaConnection connection) {
    Optional<Duration> wanted =
        Optional.ofNullable(
                connection.clientProperties().get(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG))
            .map(TransactionLimits::milliseconds);
    if (wanted.isPresent() && wanted.get().compareTo(timeout) > 0) {
      throw new UserException(
          "kafka.transaction.timeout.ms is %s, but the broker allows %s (transaction.max.timeout.ms) and would refuse every transaction: lower the first or raise the second"
              .formatted(DurationText.format(wanted.get()), DurationText.format(timeout)));
    }
    return wanted.orElse(timeout);
  }
}
