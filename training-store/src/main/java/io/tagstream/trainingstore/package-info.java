/**
 * The training store: a folder of labelled images in Avro files that never change, and the training
 * runs on it. {@link io.tagstream.trainingstore.TrainingStore} reads it, {@link
 * io.tagstream.trainingstore.RetrainRuns} begins and ends runs, {@link
 * io.tagstream.trainingstore.Addition} and {@link io.tagstream.trainingstore.Housekeeping} write
 * files. It knows neither Kafka nor Flink; the job's sink writes files of the same form.
 */
package io.tagstream.trainingstore;
