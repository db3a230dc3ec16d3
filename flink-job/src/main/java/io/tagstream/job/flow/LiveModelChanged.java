package io.tagstream.job.flow;

/**
 * {@code MODELS/live} was changed and must be read again. Carries no version, so that a duplicate
 * or late message is harmless.
 *
 * @param announcement the coordinates of the message, for the log
 */
public record LiveModelChanged(Coordinates announcement) {}
