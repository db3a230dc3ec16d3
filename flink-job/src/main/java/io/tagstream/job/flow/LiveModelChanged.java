package io.tagstream.job.flow;

/**
 * Somebody changed {@code MODELS/live}: read it again. Carries no version, so that a message that
 * comes twice or late is harmless.
 *
 * @param announcement where the message lies in Kafka, for the log
 */
public record LiveModelChanged(Coordinates announcement) {}
