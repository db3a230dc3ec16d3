package io.tagstream.schemas;

import java.io.Serializable;

/** How large a record of one topic may be; travels with a job's graph. */
public interface RecordLimit extends Serializable {
  /**
   * What stands around a record's key and value: a batch of one takes 61 bytes, its record at most
   * 21 more and five for each length.
   */
  int FRAME_BYTES = 128;

  /** A codec that finds nothing to compress adds less than a thousandth. */
  int COMPRESSION_SHARE = 1000;

  /** The topic's name. */
  String topic();

  /**
   * The largest batch, in bytes, that the topic and this client's requests take now.
   *
   * @throws io.tagstream.settings.UserException when the broker does not say
   */
  long largestBatch();

  /** Whether a record is allowed in a batch of its own, whatever the client compresses with. */
  static boolean allows(long largestBatch, int keyBytes, long valueBytes) {
    long record = keyBytes + valueBytes;
    return record + record / COMPRESSION_SHARE + FRAME_BYTES <= largestBatch;
  }
}
