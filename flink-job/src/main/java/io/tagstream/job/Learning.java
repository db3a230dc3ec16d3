package io.tagstream.job;

import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.label.RecordLog;
import io.tagstream.job.retrain.Retraining;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/**
 * What a job needs that keeps what the model learns from, and trains on it.
 *
 * @param labels that come on their own
 * @param images where they are read again, for the labels' sake
 * @param trainingStore where both go
 * @param retraining what trains on it
 */
public record Learning(
    Source<IncomingRecord, ?, ?> labels,
    RecordLog images,
    Sink<TrainingRow> trainingStore,
    Retraining retraining) {}
