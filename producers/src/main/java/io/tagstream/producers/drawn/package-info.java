/**
 * Draws labelled pictures for the demo and for tests. {@link
 * io.tagstream.producers.drawn.DrawnScenes} is the entry; it knows nothing of Kafka or records.
 */
package io.tagstream.producers.drawn;
