/**
 * Loads a bundle for an engine and checks it with golden images before it may serve. The entry
 * point is {@link io.tagstream.model.serving.Engines}, the only place that chooses between engines;
 * a new engine is a package and one line there.
 */
package io.tagstream.model.serving;
