/**
 * Forward pass as an ND4J SameDiff graph, which serves on CUDA. The entry point is {@link
 * io.tagstream.model.engine.samediff.SameDiffWeights}; the tests differentiate the same graph to
 * check the gradients of {@code engine.nd4j}.
 */
package io.tagstream.model.engine.samediff;
