package io.tagstream.benchmarks.peers;

import io.tagstream.benchmarks.probe.KafkaEnds;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.FlinkOptions;
import io.tagstream.job.flow.IncomingRecord;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The common part of the peers' Flink jobs: from Kafka to Kafka with Flink's defaults. */
final class PlainJob {
  private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(5);

  private PlainJob() {}

  static StreamExecutionEnvironment environment(ProbeTask task, int parallelism) {
    Configuration options = new Configuration();
    // Sets only addresses and memory; object reuse and buffers keep Flink's defaults.
    FlinkOptions.ofMiniCluster(options);
    options.set(RestartStrategyOptions.RESTART_STRATEGY, "disable");
    options.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, CHECKPOINT_INTERVAL);
    options.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, task.newFolder().toUri().toString());
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(options);
    environment.setParallelism(parallelism);
    return environment;
  }

  static DataStream<IncomingRecord> images(StreamExecutionEnvironment environment, ProbeTask task) {
    return environment.fromSource(
        KafkaEnds.images(task), WatermarkStrategy.noWatermarks(), "images");
  }

  static Sink<String> answers(ProbeTask task) {
    return KafkaEnds.answers(task, DeliveryGuarantee.EXACTLY_ONCE, new SimpleStringSchema());
  }
}
