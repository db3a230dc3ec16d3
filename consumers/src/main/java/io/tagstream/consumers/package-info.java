/**
 * The commands {@code tail} and {@code status}: they read the topics that a job writes, and its
 * status in the model store. Other modules may use {@link io.tagstream.consumers.TopicReader} and
 * the text formats. Nothing here writes to a topic or a store; of the model it knows {@code store}
 * and its exception.
 */
package io.tagstream.consumers;
