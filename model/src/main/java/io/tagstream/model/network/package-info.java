/**
 * A network as data: its layers, parameters, weights and sizes, the paper's architecture among
 * them, and its division between two devices. Every package of the module, and other modules, may
 * use it; it must know neither engines nor files.
 */
package io.tagstream.model.network;
