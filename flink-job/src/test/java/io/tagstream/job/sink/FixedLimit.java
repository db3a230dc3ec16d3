package io.tagstream.job.sink;

import io.tagstream.schemas.RecordLimit;

/** A fixed limit, without a broker. */
record FixedLimit(String topic, long largestBatch) implements RecordLimit {}
