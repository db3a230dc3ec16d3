/**
 * The training store as a sink of Flink: {@link io.tagstream.job.trainingsink.TrainingSink} writes
 * labelled images into its files, exactly once. The module {@code training-store} reads the store
 * and keeps the runs on it; nothing here knows of runs.
 */
package io.tagstream.job.trainingsink;
