package io.tagstream.job.flow;

import java.time.Instant;

/**
 * A record as the source read it. Flink's serializer needs the form (a record may not hold an array
 * here); nothing changes one after it was made.
 */
public final class IncomingRecord {
  public Coordinates source;

  /** The record's own; when it was appended if {@link #brokerTime}. */
  public Instant timestamp;

  /** Whether the broker set the timestamp (LogAppendTime), else the producer did. */
  public boolean brokerTime;

  /** Empty when the record has none. */
  public byte[] value;

  /** For Flink's serializer. */
  public IncomingRecord() {}

  /**
   * When it came: its time, or now where a sender's clock runs ahead. A label from the future could
   * never be corrected, and would be the newest for good; an image from the future would set the
   * images' clock ahead, which never goes back.
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
