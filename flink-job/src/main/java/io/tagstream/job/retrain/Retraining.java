package io.tagstream.job.retrain;

import io.tagstream.job.flow.ModelNews;
import io.tagstream.job.flow.RetrainRequest;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/**
 * The parts of a job that trains new versions.
 *
 * @param requests users' requests for a run
 * @param operator starts the runs
 * @param news announces their outcomes
 */
public record Retraining(
    Source<RetrainRequest, ?, ?> requests, RetrainOperator operator, Sink<ModelNews> news) {}
