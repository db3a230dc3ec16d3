/**
 * Training, evaluation and the gate: from a {@link io.tagstream.model.training.Dataset} to a new
 * version in the store, and whether it may replace the incumbent.
 *
 * <p>Entry points are {@link io.tagstream.model.training.Trainer}, {@link
 * io.tagstream.model.training.Evaluator}, {@link io.tagstream.model.training.Gate} and {@link
 * io.tagstream.model.training.Quantizer}. The arithmetic is in the engine packages, behind {@link
 * io.tagstream.model.engine.TrainingStep}. The package does not know where labelled images come
 * from: neither Kafka nor the training store.
 */
package io.tagstream.model.training;
