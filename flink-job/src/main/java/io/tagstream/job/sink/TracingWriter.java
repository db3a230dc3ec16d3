package io.tagstream.job.sink;

import io.tagstream.job.flow.Coordinates;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink.PrecommittingStatefulSinkWriter;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * Wraps Kafka's writer, records what a {@link TracedTransaction} holds of each transaction, and
 * closes without an exception and in bounded time.
 */
final class TracingWriter<T>
    implements StatefulSinkWriter<T, KafkaWriterState>, CommittingSinkWriter<T, TracedTransaction> {

  /**
   * How long to wait for the end of an open transaction, which an unavailable broker does not
   * confirm. The next attempt ends a transaction left open; until then read-committed consumers
   * stop before it.
   */
  private static final Duration CLOSING = Duration.ofSeconds(3);

  private final PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> kafka;
  private final String name;
  private final Function<T, Optional<Coordinates>> source;
  private final Outage outage;

  /** The first record of the present transaction that the broker acknowledged. */
  private final AtomicReference<Coordinates> first;

  private SourceRanges.Growing sources = new SourceRanges.Growing();
  private int records;

  private TracingWriter(
      PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> kafka,
      String name,
      Function<T, Optional<Coordinates>> source,
      Outage outage,
      AtomicReference<Coordinates> first) {
    this.kafka = kafka;
    this.name = name;
    this.source = source;
    this.outage = outage;
    this.first = first;
  }

  /** Opens Kafka's writer with a context. */
  interface Factory<T> {
    PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> open(
        WriterInitContext context) throws IOException;
  }

  /**
   * Opens Kafka's writer.
   *
   * @param name for the log
   * @param source the input record that an element answers
   */
  static <T> TracingWriter<T> open(
      Factory<T> kafka,
      WriterInitContext context,
      String name,
      Function<T, Optional<Coordinates>> source,
      Outage outage)
      throws IOException {
    AtomicReference<Coordinates> first = new AtomicReference<>();
    try {
      return new TracingWriter<>(
          kafka.open(new TracingContext(context, sent -> note(sent, first), outage)),
          name,
          source,
          outage,
          first);
    } catch (RuntimeException e) {
      throw outage.orRethrow(e);
    }
  }

  /** Runs on the producer's thread, also for records that could not be sent. */
  private static void note(RecordMetadata sent, AtomicReference<Coordinates> first) {
    if (sent.hasOffset() && first.get() == null) {
      first.compareAndSet(null, new Coordinates(sent.topic(), sent.partition(), sent.offset()));
    }
  }

  @Override
  public void write(T element, Context context) throws IOException, InterruptedException {
    source.apply(element).map(SourceRanges.Range::of).ifPresent(sources::add);
    records++;
    judged(() -> kafka.write(element, context));
  }

  @Override
  public void flush(boolean endOfInput) throws IOException, InterruptedException {
    judged(() -> kafka.flush(endOfInput));
  }

  private interface Call {
    void run() throws IOException, InterruptedException;
  }

  private void judged(Call call) throws IOException, InterruptedException {
    try {
      call.run();
    } catch (IOException e) {
      throw outage.orRethrow(e);
    } catch (RuntimeException e) {
      throw outage.orRethrow(e);
    }
  }

  @Override
  public Collection<TracedTransaction> prepareCommit() throws IOException, InterruptedException {
    Collection<KafkaCommittable> prepared = kafka.prepareCommit();
    // Every sent record is acknowledged by now, so the producer's thread notes nothing meanwhile.
    Optional<Coordinates> record = Optional.ofNullable(first.getAndSet(null));
    SourceRanges answered = sources.ranges();
    int count = records;
    sources = new SourceRanges.Growing();
    records = 0;
    return prepared.stream()
        .map(transaction -> new TracedTransaction(transaction, record, count, answered))
        .toList();
  }

  @Override
  public List<KafkaWriterState> snapshotState(long checkpointId) throws IOException {
    try {
      return kafka.snapshotState(checkpointId);
    } catch (RuntimeException e) {
      throw outage.orRethrow(e);
    }
  }

  @Override
  public void writeWatermark(Watermark watermark) throws IOException, InterruptedException {
    kafka.writeWatermark(watermark);
  }

  @Override
  public void close() {
    QuietClose.close(kafka, CLOSING, "the writer of " + name);
  }
}
