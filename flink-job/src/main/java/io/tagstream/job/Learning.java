package io.tagstream.job;

import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.retrain.Retraining;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/**
 * The source and sinks of a job that keeps labelled images and retrains.
 *
 * @param labels the source of {@code labels}
 * @param trainingStore the sink of labelled images and withdrawals
 * @param retraining the retraining on that store
 */
public record Learning(
    Source<IncomingRecord, ?, ?> labels, Sink<TrainingRow> trainingStore, Retraining retraining) {}
