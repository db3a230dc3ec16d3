package io.tagstream.job.sink;

import io.tagstream.job.flow.Coordinates;
import java.util.Optional;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;

/**
 * A transaction to commit, and what is in it: enough to find out later whether it was committed,
 * and to say what is lost if it was not.
 *
 * @param kafka the transaction
 * @param record where the broker put one of its records; none where that is not known, as of a
 *     snapshot that was made before this was kept
 * @param records how many it holds; 0 where that is not known
 * @param sources the input records that these answer; none where they answer none
 */
record TracedTransaction(
    KafkaCommittable kafka, Optional<Coordinates> record, int records, SourceRanges sources) {

  /** A transaction of which nothing else is known. */
  static TracedTransaction untraced(KafkaCommittable kafka) {
    return new TracedTransaction(kafka, Optional.empty(), 0, SourceRanges.NONE);
  }

  /**
   * Whether its writer handed it over, and no snapshot or network did. Nobody can have committed it
   * before then.
   */
  boolean ofThisAttempt() {
    return kafka.getProducer().isPresent();
  }
}
