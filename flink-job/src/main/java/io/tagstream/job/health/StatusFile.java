package io.tagstream.job.health;

import io.tagstream.model.LastingState;
import io.tagstream.model.store.JobStatus;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a job's status into the model store. A failed write is logged and does not fail the job.
 */
final class StatusFile {
  private static final Logger LOG = LoggerFactory.getLogger(StatusFile.class);

  private final Path models;
  private final LastingState problem =
      new LastingState(LOG::warn, "The job's status cannot be written");
  private boolean ended;

  StatusFile(Path models) {
    this.models = models;
  }

  /** Writes a status; does nothing after {@link #writeLast}. */
  synchronized void write(JobStatus status) {
    if (!ended) {
      put(status);
    }
  }

  /** Writes the status of the ended job. */
  synchronized void writeLast(JobStatus status) {
    ended = true;
    put(status);
  }

  private void put(JobStatus status) {
    try {
      status.write(models);
      problem.isOver();
    } catch (IOException e) {
      problem.lasts(e.toString(), e);
    }
  }
}
