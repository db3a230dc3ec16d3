package io.tagstream.job.sink;

import io.tagstream.job.flow.Coordinates;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessageTypeInfo;
import org.apache.flink.streaming.api.connector.sink2.SupportsPostCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.lineage.LineageVertex;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;
import org.apache.flink.util.function.SerializableFunction;

/**
 * Kafka's exactly-once sink, which reports every loss: it tracks which input records each
 * transaction answers, names them when a transaction can no longer be committed, and fails without
 * stopping the TaskManager. Its state is the connector's; it also resumes snapshots that the
 * connector alone wrote.
 */
final class TracedSink<T>
    implements Sink<T>,
        SupportsWriterState<T, KafkaWriterState>,
        SupportsCommitter<TracedTransaction>,
        SupportsPostCommitTopology<TracedTransaction>,
        LineageVertexProvider {
  private static final long serialVersionUID = 1L;

  /** How long to wait for the job's other open transactions, which its restart ends immediately. */
  private static final Duration OTHERS_END = Duration.ofSeconds(30);

  private final KafkaSink<T> kafka;
  private final String transactionalIdPrefix;
  private final SerializableFunction<T, Optional<Coordinates>> source;
  private final Properties consumer;
  private final Loss loss;
  private final Outage outage;
  private final boolean acceptLoss;

  /**
   * @param kafka an exactly-once sink with the prefix {@code transactionalIdPrefix}
   * @param source the input record that an element answers
   * @param consumer properties of a read-committed consumer
   * @param acceptLoss whether a loss is only a warning
   */
  TracedSink(
      KafkaSink<T> kafka,
      String transactionalIdPrefix,
      SerializableFunction<T, Optional<Coordinates>> source,
      Properties consumer,
      Loss loss,
      Outage outage,
      boolean acceptLoss) {
    this.kafka = kafka;
    this.transactionalIdPrefix = transactionalIdPrefix;
    this.source = source;
    this.consumer = consumer;
    this.loss = loss;
    this.outage = outage;
    this.acceptLoss = acceptLoss;
  }

  @Override
  public SinkWriter<T> createWriter(WriterInitContext context) throws IOException {
    return TracingWriter.open(twoPhase()::createWriter, context, loss.topic(), source, outage);
  }

  @Override
  public StatefulSinkWriter<T, KafkaWriterState> restoreWriter(
      WriterInitContext context, Collection<KafkaWriterState> recovered) throws IOException {
    return TracingWriter.open(
        given -> twoPhase().restoreWriter(given, recovered), context, loss.topic(), source, outage);
  }

  /** A type that names the writers; {@link KafkaSink}'s own methods return a hidden type. */
  private TwoPhaseCommittingStatefulSink<T, KafkaWriterState, KafkaCommittable> twoPhase() {
    return kafka;
  }

  @Override
  public SimpleVersionedSerializer<KafkaWriterState> getWriterStateSerializer() {
    return kafka.getWriterStateSerializer();
  }

  @Override
  public Committer<TracedTransaction> createCommitter(CommitterInitContext context) {
    return new JudgingCommitter(
        kafka.createCommitter(context),
        new ReadCommitted(consumer, OTHERS_END),
        loss,
        outage,
        acceptLoss);
  }

  @Override
  public SimpleVersionedSerializer<TracedTransaction> getCommittableSerializer() {
    return new TracedTransactionSerializer(kafka.getCommittableSerializer());
  }

  /** Co-locates writer and committer as Kafka's sink does: they communicate within a process. */
  @Override
  public void addPostCommitTopology(DataStream<CommittableMessage<TracedTransaction>> committed) {
    Transformation<?> transformation = committed.getTransformation();
    while (transformation.getOutputType() instanceof CommittableMessageTypeInfo
        && transformation.getCoLocationGroupKey() == null) {
      transformation.setCoLocationGroupKey(transactionalIdPrefix);
      transformation = transformation.getInputs().get(0);
    }
  }

  @Override
  public LineageVertex getLineageVertex() {
    return kafka.getLineageVertex();
  }
}
