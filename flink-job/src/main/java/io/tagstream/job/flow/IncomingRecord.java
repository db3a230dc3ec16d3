package io.tagstream.job.flow;

import java.time.Instant;

/**
 * A record as the source read it. Mutable because Flink's POJO serializer requires it (it does not
 * support arrays in Java records); never changed after construction.
 */
public final class IncomingRecord {
  public Coordinates source;

  /** The record's timestamp; the time of the append if {@link #brokerTime}. */
  public Instant timestamp;

  /** Whether the broker set the timestamp (LogAppendTime); otherwise the producer did. */
  public boolean brokerTime;

  /** Empty when the record has none. */
  public byte[] value;

  /** For Flink's serializer. */
  public IncomingRecord() {}

  /**
   * When the record arrived: its timestamp, or now if the sender's clock runs ahead. A label from
   * the future would remain the newest and could never be corrected; an image from the future would
   * advance event time, which cannot be set back.
   */
  public Instant cameAt() {
    Instant now = Instant.now();
    return timestamp.isBefore(now) ? timestamp : now;
  }

  public IncomingRecord(Coordinates source, Instant timestamp, boolean brokerTime, byte[] value) {
    this.source = source;
    this.timestamp = timestamp;
    this.brokerTime = brokerTime;
    this.value = value;
  }
}
