package io.tagstream.job.flow;

import java.time.Instant;

/**
 * A request for a training.
 *
 * @param id identifies the request if it is read more than once
 * @param by who requests it
 * @param reason null if none was given: a Flink element cannot hold an Optional
 * @param at the timestamp of its record: the broker's clock if the topic uses LogAppendTime, as
 *     {@code tagstream topics} sets it
 */
public record RetrainRequest(String id, String by, String reason, Instant at) {}
