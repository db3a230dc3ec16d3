/**
 * The records on the topics and in the training store, their wire format, the topics and the
 * connection to Kafka. Every module that reads or writes records may use it; it knows neither the
 * model, the training store's files nor Flink.
 */
package io.tagstream.schemas;
