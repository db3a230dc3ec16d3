package io.tagstream.job.sink;

import io.tagstream.schemas.RecordLimit;
import io.tagstream.settings.UserException;
import org.apache.flink.runtime.execution.SuppressRestartsException;

/** A record is too large for its topic, which no restart changes. */
final class RecordTooLargeFailure extends SuppressRestartsException {
  private static final long serialVersionUID = 1L;

  /**
   * @param what names the record and its subject
   * @param bytes the size of its key and value
   * @param largestBatch the largest batch in bytes that the topic accepts
   */
  RecordTooLargeFailure(String what, long bytes, RecordLimit limit, long largestBatch) {
    super(
        new UserException(
            "%s has %d bytes, but the topic %s accepts records of at most %d (max.message.bytes of the topic, kafka.max.request.size and kafka.buffer.memory of the job): raise the limit and start the job again"
                .formatted(what, bytes, limit.topic(), largestBatch - RecordLimit.FRAME_BYTES)));
  }
}
