package io.tagstream.job.sink;

import io.tagstream.job.flow.Coordinates;

/** Looks up whether a record's transaction was committed. */
interface FateOfRecords {

  /** Waits for a limited time while the fate is undecided. */
  Fate of(Coordinates record) throws InterruptedException;
}
