package io.tagstream.model.training;

/**
 * What {@code run.json} says of a run.
 *
 * @param budget as far as it is decided
 */
record RunDescription(RunIdentity identity, Budget budget) {}
