package io.tagstream.job.label;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.IncomingRecord;
import java.io.Serializable;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;

/** Records that can be read again by their coordinates; serialized with the job's graph. */
public interface RecordLog extends Serializable {
  /** The order in which a log is read most efficiently. */
  Comparator<Coordinates> ORDER =
      Comparator.comparing(Coordinates::topic)
          .thenComparing(Coordinates::partition)
          .thenComparing(Coordinates::offset);

  /**
   * Opens a reader of the log, which the caller closes.
   *
   * @param name distinguishes this reader in the broker's logs and metrics
   */
  Reader open(String name);

  /** The result of reading one place. */
  sealed interface ReadResult {
    /** The coordinates that were requested. */
    Coordinates place();
  }

  record Found(Coordinates place, IncomingRecord record) implements ReadResult {}

  /**
   * No record can be read at this place, now or later.
   *
   * @param reason continues a sentence that begins with the coordinates
   */
  record Missing(Coordinates place, String reason) implements ReadResult {}

  /** Used by one thread, except for {@link #wakeup}. */
  interface Reader extends AutoCloseable {

    /**
     * Continues to read these places and returns the results so far: some, all or none. An empty
     * list may also mean that the log does not answer; the caller decides how long to wait.
     *
     * @param places in {@link #ORDER}; places without a result must be in the next call again
     * @param patience the call returns after this time, or soon after
     * @throws RuntimeException when the log refuses and a retry would not help
     */
    List<ReadResult> read(SortedSet<Coordinates> places, Duration patience);

    /**
     * Whether the brokers of these partitions answer other requests; false while they are away.
     *
     * @param patience the call returns after this time, or soon after
     */
    boolean isThere(SortedSet<Coordinates> places, Duration patience);

    /** Ends the running {@link #read}, or the next one. Thread-safe. */
    void wakeup();

    @Override
    void close();
  }
}
