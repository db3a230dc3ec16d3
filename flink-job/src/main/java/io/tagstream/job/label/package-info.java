/**
 * Joins labels with their images: decodes labels, finds the coordinates of an image by its id, and
 * reads its record again from Kafka. {@code LabelJoin} and {@code LabelFetch} hold Flink state:
 * their uids, nested records and state names must not change. This package knows neither engines
 * nor the files of the training store.
 */
package io.tagstream.job.label;
