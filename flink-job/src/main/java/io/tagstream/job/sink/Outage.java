package io.tagstream.job.sink;

import io.tagstream.settings.DurationText;
import io.tagstream.settings.UserException;
import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * How long a sink waits while Kafka does not answer. Its clients block, and its task with them, so
 * an outage is a pause and not a failure: a restart would not bring Kafka back, and Flink counts
 * restarts whatever their cause.
 *
 * @param servers bootstrap servers, for the message
 * @param patience {@code kafka.outage}
 * @param producer properties that make a producer wait as long, unless the user set other time-outs
 */
record Outage(String servers, Duration patience, Properties producer) implements Serializable {

  /** The time after which a request without an answer is sent again. */
  private static final Duration REQUEST = Duration.ofSeconds(30);

  private static final Map<String, Object> DEFAULTS = ProducerConfig.configDef().defaultValues();

  /**
   * @param given the producer's other properties; not modified
   */
  static Outage of(String servers, Duration patience, Properties given) {
    Properties producer = new Properties();
    producer.putAll(given);
    long millis = patience.toMillis();
    producer.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, Long.toString(millis));
    producer.putIfAbsent(
        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
        Long.toString(Math.min(REQUEST.toMillis(), millis / 2)));
    // Kafka refuses a delivery time-out that is shorter than that of a request.
    long shortest =
        milliseconds(producer, ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG)
            + milliseconds(producer, ProducerConfig.LINGER_MS_CONFIG);
    producer.putIfAbsent(
        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Long.toString(Math.max(millis, shortest)));
    return new Outage(servers, patience, producer);
  }

  private static long milliseconds(Properties properties, String key) {
    Object value = properties.getOrDefault(key, DEFAULTS.get(key));
    return (Long) ConfigDef.parseType(key, value.toString(), ConfigDef.Type.LONG);
  }

  /**
   * Converts a client's failure: a time-out after the whole patience ends the job; any other
   * failure is rethrown, because a restart may recover from it.
   */
  <E extends Exception> RuntimeException orRethrow(E failure) throws E {
    if (isOf(failure, ProducerFencedException.class)
        || isOf(failure, InvalidProducerEpochException.class)) {
      return new UserException(
          "Kafka ended the job's open transaction: another job of this name runs, or the"
              + " transaction was open for longer than transaction.timeout.ms; give each job its"
              + " own --name",
          failure);
    }
    boolean timedOut = isOf(failure, TimeoutException.class);
    boolean whole =
        milliseconds(producer, ProducerConfig.MAX_BLOCK_MS_CONFIG) >= patience.toMillis()
            && milliseconds(producer, ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG)
                >= patience.toMillis();
    if (timedOut && whole) {
      return over(failure);
    }
    throw failure;
  }

  private static boolean isOf(Throwable failure, Class<? extends Throwable> kind) {
    return ExceptionUtils.findThrowable(failure, kind).isPresent();
  }

  /** The end of the job: Kafka was away for longer than the patience. */
  SuppressRestartsException over(Throwable cause) {
    return new SuppressRestartsException(
        new UserException(
            "Kafka at %s did not take the job's records for %s (kafka.outage): %s; start the job again when it does"
                .formatted(
                    servers,
                    DurationText.format(patience),
                    ExceptionUtils.findThrowable(cause, TimeoutException.class)
                        .map(Throwable::getMessage)
                        .orElseGet(cause::toString)),
            cause));
  }
}
