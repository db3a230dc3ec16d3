/**
 * The training store as a sink of Flink: {@link io.tagstream.job.trainingsink.TrainingSink} writes
 * labelled images into its files, exactly once. Reading the store and running on it are of the
 * module {@code training-store}.
 */
package io.tagstream.job.trainingsink;
