package io.tagstream.job.suspects;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.IncomingRecord;
import java.io.IOException;
import java.time.Instant;

/**
 * Identifies a record when it is read again. Its coordinates alone would also match a record of a
 * recreated topic.
 *
 * @param timestamp the record's timestamp in milliseconds since 1970
 * @param bytes the size of its value in bytes
 */
public record NotedRecord(Coordinates source, long timestamp, int bytes) {

  private NotedRecord(Coordinates source, Instant timestamp, int bytes) {
    this(source, timestamp.toEpochMilli(), bytes);
  }

  public static NotedRecord of(IncomingRecord record) {
    return new NotedRecord(record.source, record.timestamp, record.value.length);
  }

  /** The record that an image was decoded from. */
  public static NotedRecord of(DecodedImage image) {
    return new NotedRecord(image.source, image.appendedAt, image.recordBytes);
  }

  /** Topic, partition, offset, timestamp and size, as {@link #parse} reads them. */
  String line() {
    return source.topic()
        + ' '
        + source.partition()
        + ' '
        + source.offset()
        + ' '
        + timestamp
        + ' '
        + bytes;
  }

  static NotedRecord parse(String line) throws IOException {
    String[] words = line.split(" ", -1);
    if (words.length != 5) {
      throw new IOException("no record: " + line);
    }
    try {
      return new NotedRecord(
          new Coordinates(words[0], Integer.parseInt(words[1]), Long.parseLong(words[2])),
          Long.parseLong(words[3]),
          Integer.parseInt(words[4]));
    } catch (NumberFormatException e) {
      throw new IOException("no record: " + line, e);
    }
  }
}
