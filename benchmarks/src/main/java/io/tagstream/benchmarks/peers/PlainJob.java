package io.tagstream.benchmarks.peers;

import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.FlinkOptions;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.source.KafkaSources;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** What the Flink jobs of others have in common: Flink's defaults between Kafka and Kafka. */
final class PlainJob {
  private static final Topics TOPICS = new Topics("");
  private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(5);

  private PlainJob() {}

  static StreamExecutionEnvironment environment(int parallelism) throws Exception {
    Configuration options = new Configuration();
    // Where it listens and how much memory it takes; elements and buffers stay as Flink has them.
    FlinkOptions.ofMiniCluster(options);
    options.set(RestartStrategyOptions.RESTART_STRATEGY, "disable");
    options.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, CHECKPOINT_INTERVAL);
    options.set(
        CheckpointingOptions.CHECKPOINTS_DIRECTORY,
        Files.createTempDirectory("tagstream-bench").toUri().toString());
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(options);
    environment.setParallelism(parallelism);
    return environment;
  }

  static DataStream<IncomingRecord> images(StreamExecutionEnvironment environment, ProbeTask task) {
    return environment.fromSource(
        KafkaSources.images(connection(task), TOPICS, name()),
        WatermarkStrategy.noWatermarks(),
        "images");
  }

  static Sink<String> answers(ProbeTask task) {
    Properties properties = connection(task).producerProperties();
    properties.setProperty("transaction.timeout.ms", "600000");
    return KafkaSink.<String>builder()
        .setKafkaProducerConfig(properties)
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
        .setTransactionalIdPrefix(name() + ":answers:")
        .setRecordSerializer(
            KafkaRecordSerializationSchema.<String>builder()
                .setTopic(TOPICS.predictions())
                .setValueSerializationSchema(new SimpleStringSchema())
                .build())
        .build();
  }

  static KafkaConnection connection(ProbeTask task) {
    return new KafkaConnection(task.bootstrapServer(), Duration.ofSeconds(30), Map.of());
  }

  private static String name() {
    return "peer-" + ProcessHandle.current().pid();
  }
}
