/**
 * Forward pass with oneDNN's primitives on the CPU, with Winograd's algorithm where it applies. The
 * entry point is {@link io.tagstream.model.engine.onednn.OneDnnWeights}; only this package knows
 * oneDNN's classes. Native objects belong to an {@link io.tagstream.model.engine.onednn.Arena},
 * whose owner closes it.
 */
package io.tagstream.model.engine.onednn;
