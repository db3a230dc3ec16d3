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
 * Kafka's exactly-once sink, which loses nothing in silence: it knows which input records each
 * transaction answers, says so when one can no longer be committed, and fails without taking the
 * TaskManager with it. Its state is the connector's, and a snapshot of the connector alone resumes.
 */
final class TracedSink<T>
    implements Sink<T>,
        SupportsWriterState<T, KafkaWriterState>,
        SupportsCommitter<TracedTransaction>,
        SupportsPostCommitTopology<TracedTransaction>,
        LineageVertexProvider {
  private static final long serialVersionUID = 1L;

  /** For other transactions of the job to end, which its restart ends at once. */
  private static final Duration OTHERS_END = Duration.ofSeconds(30);

  private final KafkaSink<T> kafka;
  private final String transactionalIdPrefix;
  private final SerializableFunction<T, Optional<Coordinates>> source;
  private final Properties consumer;
  private final Loss loss;
  private final Outage outage;
  private final boolean acceptLoss;

  /**
   * @param kafka exactly once, with that prefix
   * @param source the input record that an element answers
   * @param consumer properties of one that reads what is committed
   * @param acceptLoss a loss is a warning
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

  /** By this type its writers can be named; that of {@link KafkaSink}'s own methods is hidden. */
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

  /** As Kafka's sink does: its writer and its committer speak to each other within a process. */
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
