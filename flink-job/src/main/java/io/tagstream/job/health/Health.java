package io.tagstream.job.health;

import io.tagstream.model.store.JobStatus;
import java.util.List;
import java.util.stream.Stream;

/**
 * Whether a job works.
 *
 * @param hopeless why it will not work again in this process; empty while it may
 * @param notReady why it does not work at the moment
 */
public record Health(
    String job, JobStatus.State state, List<String> hopeless, List<String> notReady) {

  public Health {
    hopeless = List.copyOf(hopeless);
    notReady = List.copyOf(notReady);
  }

  /** Of a job that has not been submitted yet. */
  public static Health beforeTheStart(String job) {
    return new Health(
        job,
        JobStatus.State.STARTING,
        List.of(),
        List.of("the job waits for Kafka, or looks for its snapshot and its model"));
  }

  public boolean isReady() {
    return reasons().isEmpty();
  }

  /** Why it is not ready. */
  List<String> reasons() {
    return Stream.concat(hopeless.stream(), notReady.stream()).toList();
  }
}
