/**
 * Engines and training steps as interfaces, with what all implementations share: preprocessed
 * batches, options, threads, dropout masks, the memory estimate. Other modules use {@link
 * io.tagstream.model.engine.Engine}, {@link io.tagstream.model.engine.LoadedModel} and their
 * options; {@code serving} creates them. The package itself must not know ND4J, oneDNN or ONNX
 * Runtime: each has a sub-package.
 */
package io.tagstream.model.engine;
