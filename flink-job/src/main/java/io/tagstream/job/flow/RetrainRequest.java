package io.tagstream.job.flow;

import java.time.Instant;

/**
 * Somebody asks for a training.
 *
 * @param id tells requests apart, however often one is read
 * @param by who asks
 * @param reason null where none was given: an element holds no Optional
 * @param at when, by its record's time: the broker's clock, where the topic is as ours are made
 */
public record RetrainRequest(String id, String by, String reason, Instant at) {}
