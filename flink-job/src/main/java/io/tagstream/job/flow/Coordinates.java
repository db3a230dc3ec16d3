package io.tagstream.job.flow;

/** Where a record lies in Kafka: what exactly once counts by. */
public record Coordinates(String topic, int partition, long offset) {

  @Override
  public String toString() {
    return topic + "-" + partition + "@" + offset;
  }
}
