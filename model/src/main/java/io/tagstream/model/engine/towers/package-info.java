/**
 * The two threads of a training in towers and the link over which they exchange maps and gradients.
 * {@code engine.nd4j} uses both; the package must not know ND4J: it moves plain buffers of floats.
 */
package io.tagstream.model.engine.towers;
