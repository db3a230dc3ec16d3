package io.tagstream.job.health;

import io.tagstream.model.store.JobStatus;
import java.util.List;
import java.util.stream.Stream;

/**
 * Whether a job works.
 *
 * @param fatal why the job cannot recover in this process; empty while it can
 * @param notReady why the job does not work at the moment
 */
public record Health(String job, JobStatus.State state, List<String> fatal, List<String> notReady) {

  public Health {
    fatal = List.copyOf(fatal);
    notReady = List.copyOf(notReady);
  }

  /** The health of a job that has not been submitted yet. */
  public static Health beforeTheStart(String job) {
    return new Health(
        job,
        JobStatus.State.STARTING,
        List.of(),
        List.of(
            "the job is not submitted yet: it waits for Kafka, or loads its snapshot and its model"));
  }

  public boolean isReady() {
    return reasons().isEmpty();
  }

  /** Every reason why the job is not ready. */
  List<String> reasons() {
    return Stream.concat(fatal.stream(), notReady.stream()).toList();
  }
}
