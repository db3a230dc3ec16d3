package io.tagstream.consumers;

import io.tagstream.settings.UserException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaFuture;

/** Waits for a broker's response. */
final class BrokerResponse {
  private BrokerResponse() {}

  /**
   * The response, once it has arrived.
   *
   * @throws UserException with the broker's reason when it refuses
   */
  static <T> T of(KafkaFuture<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new UserException("the broker refuses: " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while talking to the broker", e);
    }
  }
}
