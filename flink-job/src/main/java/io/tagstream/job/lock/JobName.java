package io.tagstream.job.lock;

import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;

/**
 * A job's name on a Kafka cluster, which one job at a time may have.
 *
 * @param consumer a consumer's properties
 * @param topic one that the job reads: a member of a group subscribes to one at least
 * @param job the name
 */
public record JobName(Properties consumer, String topic, String job) implements Serializable {

  public static JobName of(KafkaConnection connection, Topics topics, String job) {
    return new JobName(connection.consumerProperties(), topics.modelUpdates(), job);
  }

  /** The group whose first member has the name. */
  String group() {
    return Topics.lockGroup(job);
  }

  /**
   * Takes the name for this process. A holder that died is waited for until Kafka has forgotten it.
   *
   * @param patience how long a living holder is waited for
   * @throws io.tagstream.settings.UserException when another job has it, with process and host
   */
  public NameLock take(Duration patience) {
    return NameLock.take(this, patience);
  }

  /**
   * Resumes to hold a name that the job has had.
   *
   * @param since when it took it: who took it later yields
   * @param id of the job, on whatever machine: two attempts of one job yield to each other never
   */
  public NameLock keep(Instant since, String id) {
    return NameLock.keep(this, since, id);
  }
}
