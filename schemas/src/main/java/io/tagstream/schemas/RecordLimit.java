package io.tagstream.schemas;

import java.io.Serializable;

/** The largest record that one topic takes. Serializable, because it is part of the job graph. */
public interface RecordLimit extends Serializable {
  /**
   * Upper bound of the bytes around a record's key and value: 61 for a batch of one record, at most
   * 21 for the record, and five for each length.
   */
  int FRAME_BYTES = 128;

  /** A codec adds less than a thousandth to data that it cannot compress. */
  int COMPRESSION_SHARE = 1000;

  /** The topic's name. */
  String topic();

  /**
   * The largest batch, in bytes, that both the topic and this client's requests currently allow.
   *
   * @throws io.tagstream.settings.UserException when the broker does not report it
   */
  long largestBatch();

  /**
   * Whether a batch of this record alone is within the limit, with any compression of the client.
   */
  static boolean allows(long largestBatch, int keyBytes, long valueBytes) {
    long record = keyBytes + valueBytes;
    return record + record / COMPRESSION_SHARE + FRAME_BYTES <= largestBatch;
  }
}
