package io.tagstream.job.lock;

import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;

/**
 * A job's name on a Kafka cluster, which one job at a time can hold.
 *
 * @param consumer properties of a consumer
 * @param topic a topic that the job reads: a group member must subscribe to at least one
 * @param job the name
 */
public record JobName(Properties consumer, String topic, String job) implements Serializable {

  public static JobName of(KafkaConnection connection, Topics topics, String job) {
    return new JobName(connection.consumerProperties(), topics.modelUpdates(), job);
  }

  /** The consumer group whose first member holds the name. */
  String group() {
    return Topics.lockGroup(job);
  }

  /**
   * Takes the name for this process. If the holder has died, waits until Kafka removes it from the
   * group.
   *
   * @param patience how long to wait for a living holder
   * @throws io.tagstream.settings.UserException if another job holds it; the message names process
   *     and host
   */
  public NameLock take(Duration patience) {
    return NameLock.take(this, patience);
  }

  /**
   * Continues to hold a name that the job has taken.
   *
   * @param since when the job took it: of two holders, the later one yields
   * @param id the id of the job on any machine: attempts of one job never yield to each other
   */
  public NameLock keep(Instant since, String id) {
    return NameLock.keep(this, since, id);
  }
}
