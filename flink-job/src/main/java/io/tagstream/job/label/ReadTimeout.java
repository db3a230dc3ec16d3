package io.tagstream.job.label;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.model.LastingState;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.util.SortedSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Limits the time in which a log returns no result although its brokers are reachable. Time in
 * which the brokers are away does not count; its beginning and end are logged. A restart of the job
 * would not bring them back, and the sinks limit how long the job waits for a whole cluster.
 */
public final class ReadTimeout {
  /** The longest time of one request. Long, because a broker may be far away. */
  public static final Duration PER_READ = Duration.ofSeconds(5);

  private static final Logger LOG = LoggerFactory.getLogger(ReadTimeout.class);

  private final LastingState away =
      new LastingState(LOG::warn, "Kafka does not serve the records that are to be read again");
  private final Duration patience;
  private long since;

  /**
   * The time begins now.
   *
   * @param patience {@code labels.fetch-timeout}
   */
  public ReadTimeout(Duration patience) {
    this.patience = patience;
    reset();
  }

  /** Restarts the time: the log returned a result, or a new request begins. */
  public void reset() {
    away.isOver();
    since = System.nanoTime();
  }

  /**
   * A read returned no result.
   *
   * @throws UserException when {@code patience} has passed since the last reset
   */
  public void noResult(RecordLog.Reader reader, SortedSet<Coordinates> places) {
    if (!reader.isThere(places, PER_READ)) {
      away.lasts("%d records, the first at %s".formatted(places.size(), places.first()), null);
      since = System.nanoTime();
    } else if (System.nanoTime() - since > patience.toNanos()) {
      throw new UserException(
          "Kafka is reachable, but returned no record for %s (labels.fetch-timeout): %d records are to be read again, the first at %s"
              .formatted(DurationText.format(patience), places.size(), places.first()));
    }
  }
}
