/**
 * Computes decoded images in micro-batches with the live model. {@link
 * io.tagstream.job.inference.MicroBatchOperator} runs on the task's thread; {@code InferenceWorker}
 * owns the engine and its threads, and swaps models. {@link io.tagstream.job.inference.LiveModels}
 * is the way to models from outside. This package does not know how images are decoded; {@code
 * RejectUnanswered} reads records again by their coordinates.
 */
package io.tagstream.job.inference;
