package io.tagstream.model.training;

/**
 * The content of {@code run.json}.
 *
 * @param budget as far as it is decided
 */
record RunDescription(RunIdentity identity, Budget budget) {}
