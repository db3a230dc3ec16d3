package io.tagstream.job.sink;

import io.tagstream.schemas.RecordLimit;

/** A limit that no broker was asked for. */
record FixedLimit(String topic, long largestBatch) implements RecordLimit {}
