package io.tagstream.job;

import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.retrain.Retraining;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/**
 * What a job needs that keeps what the model learns from, and trains on it.
 *
 * @param labels that come on their own
 * @param trainingStore where both go
 * @param retraining what trains on it
 */
public record Learning(
    Source<IncomingRecord, ?, ?> labels, Sink<TrainingRow> trainingStore, Retraining retraining) {}
