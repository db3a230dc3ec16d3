package io.tagstream.job.sink;

/** What became of a record that was written in a transaction. */
enum Fate {
  COMMITTED,
  /** Readers of what is committed pass over it. */
  ABORTED,
  /** It is no longer on the topic, and nobody can tell any more. */
  DELETED,
  /** An open transaction, its own or an earlier one of the partition, keeps readers from it. */
  UNDECIDED
}
