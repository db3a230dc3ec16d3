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
 * How long a log has given no answer although its brokers were there. Time in which they are away
 * does not count, and is logged when it begins and ends: a restart would not bring them back, and
 * the sinks limit how long the job waits for a whole cluster.
 */
public final class Silence {
  /** For one question, or one answer. Long, because a broker may be far away. */
  public static final Duration ONE_READ = Duration.ofSeconds(5);

  private static final Logger LOG = LoggerFactory.getLogger(Silence.class);

  private final LastingState away =
      new LastingState(LOG::warn, "Kafka does not serve what is to be read again");
  private final Duration patience;
  private long since;

  /**
   * Begins now.
   *
   * @param patience {@code labels.fetch-timeout}
   */
  public Silence(Duration patience) {
    this.patience = patience;
    begin();
  }

  /** The log has answered, or is asked anew. */
  public void begin() {
    away.isOver();
    since = System.nanoTime();
  }

  /**
   * Takes note that a read gave no answer.
   *
   * @throws UserException when that was so for too long
   */
  public void lasts(RecordLog.Reader reader, SortedSet<Coordinates> places) {
    if (!reader.isThere(places, ONE_READ)) {
      away.lasts("%d records, the first at %s".formatted(places.size(), places.first()), null);
      since = System.nanoTime();
    } else if (System.nanoTime() - since > patience.toNanos()) {
      throw new UserException(
          "Kafka is there, but gave no answer for %s (labels.fetch-timeout): %d records are to be read again, the first at %s"
              .formatted(DurationText.format(patience), places.size(), places.first()));
    }
  }
}
