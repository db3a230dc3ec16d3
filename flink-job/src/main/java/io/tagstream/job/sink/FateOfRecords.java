package io.tagstream.job.sink;

import io.tagstream.job.flow.Coordinates;

/** Finds out what became of records. */
interface FateOfRecords {

  /** Waits for some time while it is undecided. */
  Fate of(Coordinates record) throws InterruptedException;
}
