package io.tagstream.job.flow;

import java.time.Instant;

/**
 * Somebody asks for a training.
 *
 * @param id tells requests apart, however often one is read
 * @param by who asks
 * @param reason null where none was given: an element holds no Optional
 * @param at when, by the asking machine's clock
 */
public record RetrainRequest(String id, String by, String reason, Instant at) {}
