package io.tagstream.job.flow;

import io.tagstream.schemas.Source;

/** The place of a record in Kafka, which identifies it for exactly once. */
public record Coordinates(String topic, int partition, long offset) {

  /** Converts the source field of an Avro record. */
  public static Coordinates of(Source source) {
    return new Coordinates(source.getTopic(), source.getPartition(), source.getOffset());
  }

  /** Converts to the source field of an Avro record. */
  public Source toSource() {
    return new Source(topic, partition, offset);
  }

  @Override
  public String toString() {
    return topic + "-" + partition + "@" + offset;
  }
}
