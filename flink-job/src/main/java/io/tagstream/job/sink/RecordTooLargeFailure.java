package io.tagstream.job.sink;

import io.tagstream.schemas.RecordLimit;
import io.tagstream.settings.UserException;
import org.apache.flink.runtime.execution.SuppressRestartsException;

/** A record that its topic does not take, now or after a restart. */
final class RecordTooLargeFailure extends SuppressRestartsException {
  private static final long serialVersionUID = 1L;

  /**
   * @param what names the record, and the one it is about
   * @param bytes of its key and value
   * @param largestBatch what the topic was found to take
   */
  RecordTooLargeFailure(String what, long bytes, RecordLimit limit, long largestBatch) {
    super(
        new UserException(
            "%s has %d bytes, but the topic %s takes records of at most %d (max.message.bytes of the topic, kafka.max.request.size and kafka.buffer.memory of the job): raise the limit and start the job again"
                .formatted(what, bytes, limit.topic(), largestBatch - RecordLimit.FRAME_BYTES)));
  }
}
