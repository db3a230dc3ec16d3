/**
 * The commands {@code produce} and {@code label}, and sending images and labels to topics. {@link
 * io.tagstream.producers.RecordSender} and {@link io.tagstream.producers.Pace} may be used from
 * outside. It knows no consumer, no model and not Flink.
 */
package io.tagstream.producers;
