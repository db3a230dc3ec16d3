package io.tagstream.job.sink;

/** The outcome of the transaction in which a record was written. */
enum Fate {
  COMMITTED,
  /** Read-committed consumers skip the record. */
  ABORTED,
  /** The record is no longer on the topic, so the outcome is unknown for good. */
  DELETED,
  /** An open transaction, its own or an earlier one on the partition, holds back readers. */
  UNDECIDED
}
