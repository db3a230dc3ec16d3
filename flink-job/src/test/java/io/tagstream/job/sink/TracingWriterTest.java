package io.tagstream.job.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.flow.Coordinates;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobInfo;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink.PrecommittingStatefulSinkWriter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.UserCodeClassLoader;
import org.apache.flink.util.function.ThrowingRunnable;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class TracingWriterTest {
  private final FakeWriter kafka = new FakeWriter();
  private final FakeTask task = new FakeTask();

  /** A fake of the connector's writer; elements are offsets of images. */
  private static final class FakeWriter
      implements PrecommittingStatefulSinkWriter<Long, KafkaWriterState, KafkaCommittable> {
    Optional<WriterInitContext> context = Optional.empty();
    boolean written;
    long next;
    Optional<Exception> flushFails = Optional.empty();
    Runnable closing = () -> {};

    /** Reports a record as the producer does. */
    void acknowledge(long offset) {
      Consumer<RecordMetadata> sent =
          context.orElseThrow().<RecordMetadata>metadataConsumer().get();
      sent.accept(new RecordMetadata(new TopicPartition("predictions", 1), offset, 0, -1, -1, -1));
    }

    @Override
    public void write(Long element, Context ignored) {
      written = true;
      acknowledge(next++);
    }

    @Override
    public void flush(boolean endOfInput) throws IOException {
      if (flushFails.isPresent()) {
        throw new IOException("send failed", flushFails.get());
      }
    }

    @Override
    public Collection<KafkaCommittable> prepareCommit() {
      Collection<KafkaCommittable> prepared =
          written ? List.of(new KafkaCommittable(1, (short) 0, "id", null)) : List.of();
      written = false;
      return prepared;
    }

    @Override
    public List<KafkaWriterState> snapshotState(long checkpointId) {
      return List.of();
    }

    @Override
    public void close() {
      closing.run();
    }
  }

  /** A context with mails only. */
  private static final class FakeTask implements WriterInitContext, MailboxExecutor {
    final List<ThrowingRunnable<? extends Exception>> mails = new ArrayList<>();

    @Override
    public MailboxExecutor getMailboxExecutor() {
      return this;
    }

    @Override
    public void execute(
        MailOptions options,
        ThrowingRunnable<? extends Exception> command,
        String description,
        Object... arguments) {
      mails.add(command);
    }

    @Override
    public void yield() {}

    @Override
    public boolean tryYield() {
      return false;
    }

    @Override
    public boolean shouldInterrupt() {
      return false;
    }

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
      throw new AssertionError();
    }

    @Override
    public ProcessingTimeService getProcessingTimeService() {
      throw new AssertionError();
    }

    @Override
    public SinkWriterMetricGroup metricGroup() {
      throw new AssertionError();
    }

    @Override
    public SerializationSchema.InitializationContext asSerializationSchemaInitializationContext() {
      throw new AssertionError();
    }

    @Override
    public boolean isObjectReuseEnabled() {
      return true;
    }

    @Override
    public <T> TypeSerializer<T> createInputSerializer() {
      throw new AssertionError();
    }

    @Override
    public OptionalLong getRestoredCheckpointId() {
      return OptionalLong.empty();
    }

    @Override
    public JobInfo getJobInfo() {
      throw new AssertionError();
    }

    @Override
    public TaskInfo getTaskInfo() {
      throw new AssertionError();
    }
  }

  private TracingWriter<Long> open() throws IOException {
    return open(new Properties());
  }

  private TracingWriter<Long> open(Properties producer) throws IOException {
    return TracingWriter.open(
        context -> {
          kafka.context = Optional.of(context);
          return kafka;
        },
        task,
        "predictions",
        offset ->
            offset < 0
                ? Optional.empty()
                : Optional.of(new Coordinates("images", (int) (offset % 2), offset)),
        Outage.of("127.0.0.1:1", Duration.ofMinutes(5), producer));
  }

  @Test
  void aTransactionHasItsFirstRecordAndItsSources() throws Exception {
    kafka.next = 77;
    TracingWriter<Long> writer = open();
    for (long offset : List.of(11L, 4L, 7L, -1L, 6L)) {
      writer.write(offset, null);
    }
    assertThat(writer.prepareCommit())
        .singleElement()
        .satisfies(
            transaction -> {
              assertThat(transaction.record()).contains(new Coordinates("predictions", 1, 77));
              assertThat(transaction.records()).isEqualTo(5);
              assertThat(transaction.sources().ranges())
                  .containsExactly(
                      new SourceRanges.Range("images", 0, 4, 6),
                      new SourceRanges.Range("images", 1, 7, 11));
            });
    writer.write(20L, null);
    assertThat(writer.prepareCommit())
        .singleElement()
        .satisfies(
            transaction -> {
              assertThat(transaction.record()).contains(new Coordinates("predictions", 1, 82));
              assertThat(transaction.sources().ranges())
                  .containsExactly(new SourceRanges.Range("images", 0, 20, 20));
            });
    assertThat(writer.prepareCommit()).isEmpty();
  }

  @Test
  void aRecordThatWasNotSentIsNotTheFirst() throws Exception {
    TracingWriter<Long> writer = open();
    kafka.acknowledge(-1);
    kafka.next = 5;
    writer.write(1L, null);
    assertThat(writer.prepareCommit().iterator().next().record())
        .contains(new Coordinates("predictions", 1, 5));
  }

  @Test
  void aTimeOutAfterTheWholeOutageEndsTheJob() throws Exception {
    TracingWriter<Long> writer = open();
    kafka.flushFails = Optional.of(new TimeoutException("300000 ms has passed"));
    assertThatThrownBy(() -> writer.flush(false))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .hasMessageContaining("127.0.0.1:1")
        .hasMessageContaining("5 min (kafka.outage)");
    kafka
        .context
        .orElseThrow()
        .getMailboxExecutor()
        .execute(() -> writer.flush(false), "a failure that comes by mail");
    assertThatThrownBy(() -> task.mails.get(0).run()).isInstanceOf(SuppressRestartsException.class);
  }

  @Test
  void aTimeOutThatTheUserMadeShorterRestartsTheJob() throws Exception {
    Properties producer = new Properties();
    producer.put("delivery.timeout.ms", "40000");
    TracingWriter<Long> writer = open(producer);
    kafka.flushFails = Optional.of(new TimeoutException("40000 ms has passed"));
    assertThatThrownBy(() -> writer.flush(false)).isInstanceOf(IOException.class);
  }

  @Test
  void anotherFailureRestartsTheJob() throws Exception {
    TracingWriter<Long> writer = open();
    kafka.flushFails = Optional.of(new IllegalArgumentException("broken"));
    assertThatThrownBy(() -> writer.flush(false)).isInstanceOf(IOException.class);
  }

  @Test
  void closeDoesNotThrow() throws Exception {
    TracingWriter<Long> writer = open();
    kafka.closing =
        () -> {
          throw new IllegalStateException("Could not close current producer");
        };
    assertThatCode(writer::close).doesNotThrowAnyException();
  }

  /**
   * Closing ends an open transaction, for which the client waits as long as its time-out allows.
   */
  @Test
  @Timeout(60)
  void closeDoesNotWaitForAnUnavailableBroker() throws Exception {
    TracingWriter<Long> writer = open();
    CountDownLatch never = new CountDownLatch(1);
    kafka.closing =
        () -> {
          try {
            never.await();
          } catch (InterruptedException e) {
            throw new InterruptException(e);
          }
        };
    writer.close();
    assertThat(Thread.interrupted()).isFalse();
  }
}
