/**
 * Forward pass and training step with ND4J's ops on the CPU, and the choice of ND4J's backend.
 * Entry points are {@link io.tagstream.model.engine.nd4j.DirectWeights} and {@link
 * io.tagstream.model.engine.nd4j.DirectTrainingStep}. Arrays are NHWC and outside the heap, and
 * their owner closes them. The package must not know bundles, images or how a training run is
 * organised.
 */
package io.tagstream.model.engine.nd4j;
