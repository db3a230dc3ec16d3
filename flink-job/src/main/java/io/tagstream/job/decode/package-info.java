/**
 * Decodes records into the crops of their images, and rejects what cannot be decoded. The operators
 * and the tags of their side outputs are public; {@code ImageReader} is the only class that touches
 * the decoder of module {@code model}. This package knows no engine and no store.
 */
package io.tagstream.job.decode;
