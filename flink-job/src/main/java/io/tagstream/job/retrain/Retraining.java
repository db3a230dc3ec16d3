package io.tagstream.job.retrain;

import io.tagstream.job.flow.ModelNews;
import io.tagstream.job.flow.RetrainRequest;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/**
 * What a job needs that trains new versions by itself.
 *
 * @param requests of people who do not want to wait
 * @param operator starts the runs
 * @param news what becomes of them
 */
public record Retraining(
    Source<RetrainRequest, ?, ?> requests, RetrainOperator operator, Sink<ModelNews> news) {}
