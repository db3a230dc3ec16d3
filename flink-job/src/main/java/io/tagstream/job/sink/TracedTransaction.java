package io.tagstream.job.sink;

import io.tagstream.job.flow.Coordinates;
import java.util.Optional;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;

/**
 * A transaction to commit and a description of its records: enough to find out later whether it was
 * committed, and to name what is lost if it was not.
 *
 * @param kafka the transaction
 * @param record the coordinates of one of its records; empty if unknown, as in snapshots of
 *     releases that did not keep them
 * @param records the number of its records; 0 if unknown
 * @param sources the input records that they answer; may be empty
 */
record TracedTransaction(
    KafkaCommittable kafka, Optional<Coordinates> record, int records, SourceRanges sources) {

  /** A transaction without a description. */
  static TracedTransaction untraced(KafkaCommittable kafka) {
    return new TracedTransaction(kafka, Optional.empty(), 0, SourceRanges.NONE);
  }

  /**
   * Whether its writer handed it over in this process, rather than a snapshot or the network. In
   * that case no other process can have committed it.
   */
  boolean ofThisAttempt() {
    return kafka.getProducer().isPresent();
  }
}
