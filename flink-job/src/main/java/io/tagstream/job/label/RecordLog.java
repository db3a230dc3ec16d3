package io.tagstream.job.label;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.IncomingRecord;
import java.io.Serializable;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;

/** Records that can be read again by their coordinates; travels with the job's graph. */
public interface RecordLog extends Serializable {
  /** In which a log is read best. */
  Comparator<Coordinates> ORDER =
      Comparator.comparing(Coordinates::topic)
          .thenComparing(Coordinates::partition)
          .thenComparing(Coordinates::offset);

  /**
   * A reader of the log, which the caller closes.
   *
   * @param name tells this reader from others, where somebody watches the broker
   */
  Reader open(String name);

  /** What became of one look-up. */
  sealed interface Answer {
    /** What was looked for. */
    Coordinates place();
  }

  record Found(Coordinates place, IncomingRecord record) implements Answer {}

  /**
   * No record can be read there, now or later.
   *
   * @param reason follows the coordinates in a sentence
   */
  record Missing(Coordinates place, String reason) implements Answer {}

  /** For one thread, {@link #wakeup} apart. */
  interface Reader extends AutoCloseable {

    /**
     * Goes on with these look-ups and returns what was answered meanwhile: some, all or none. None
     * may also mean that the log does not answer; whoever waits decides for how long.
     *
     * @param places in {@link #ORDER}; those not answered are to be in the next call's too
     * @param patience after which it returns at the latest, or soon after
     * @throws RuntimeException when the log refuses and asking again would not help
     */
    List<Answer> read(SortedSet<Coordinates> places, Duration patience);

    /**
     * Whether the brokers that have these partitions answer other questions: no while they are
     * away.
     *
     * @param patience after which it returns at the latest, or soon after
     */
    boolean isThere(SortedSet<Coordinates> places, Duration patience);

    /** Ends a {@link #read} under way, or the next one. Any thread may call. */
    void wakeup();

    @Override
    void close();
  }
}
