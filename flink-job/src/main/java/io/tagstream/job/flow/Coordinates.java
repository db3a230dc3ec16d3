package io.tagstream.job.flow;

import io.tagstream.schemas.Source;

/** Where a record lies in Kafka: what exactly once counts by. */
public record Coordinates(String topic, int partition, long offset) {

  /** As a record names them. */
  public static Coordinates of(Source source) {
    return new Coordinates(source.getTopic(), source.getPartition(), source.getOffset());
  }

  /** For a record that names them. */
  public Source toSource() {
    return new Source(topic, partition, offset);
  }

  @Override
  public String toString() {
    return topic + "-" + partition + "@" + offset;
  }
}
