package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.tagstream.job.FailureCause;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.source.KafkaSources;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.SourceReaderMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.metrics.groups.InternalSourceReaderMetricGroup;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.SimpleUserCodeClassLoader;
import org.apache.flink.util.UserCodeClassLoader;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The job's source and deleted records, with a real broker but without a job. */
@Timeout(60)
final class DeletedRecordsTest {
  private static final String GROUP = Topics.consumerGroup("test");

  private static LocalBroker broker;
  private static KafkaConnection connection;
  private static int tests;

  private final List<Reading> opened = new ArrayList<>();
  private final Map<String, Counter> counters = new HashMap<>();
  private Topics topics;
  private TopicPartition partition;

  @BeforeAll
  static void startBroker(@TempDir Path directory) {
    broker = LocalBroker.start(directory, LocalBroker.LOOPBACK, 0, "--port", Map.of());
    connection = TestStream.connection(broker);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void start() throws Exception {
    topics = new Topics("test-%d-".formatted(tests++));
    partition = new TopicPartition(topics.images(), 0);
    createTopic();
  }

  @AfterEach
  void close() throws Exception {
    for (Reading reading : opened) {
      reading.close();
    }
  }

  private void createTopic() throws Exception {
    try (Admin admin = connection.admin()) {
      while (true) {
        try {
          admin.createTopics(List.of(new NewTopic(topics.images(), 1, (short) 1))).all().get();
          return;
        } catch (ExecutionException e) {
          // The topic is still being deleted.
          assertThat(e).hasCauseInstanceOf(TopicExistsException.class);
        }
      }
    }
  }

  private void recreateTopic() throws Exception {
    try (Admin admin = connection.admin()) {
      admin.deleteTopics(List.of(topics.images())).all().get();
    }
    createTopic();
  }

  private void deleteBefore(long offset) throws Exception {
    try (Admin admin = connection.admin()) {
      admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(offset))).all().get();
    }
  }

  private void send(int records, int bytes) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer = producer(Optional.empty())) {
      send(producer, records, bytes);
    }
  }

  private void send(KafkaProducer<byte[], byte[]> producer, int records, int bytes)
      throws Exception {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      sent.add(producer.send(new ProducerRecord<>(topics.images(), new byte[bytes])));
    }
    for (Future<RecordMetadata> record : sent) {
      record.get();
    }
  }

  private static KafkaProducer<byte[], byte[]> producer(Optional<String> transactionalId) {
    var properties = connection.producerProperties();
    transactionalId.ifPresent(
        id -> properties.setProperty(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id));
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * Writes five committed records, then transaction markers and aborted records, and returns the
   * end offset.
   */
  private long sendTransactions() throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        producer(Optional.of(UUID.randomUUID().toString()))) {
      producer.initTransactions();
      producer.beginTransaction();
      send(producer, 5, 10);
      producer.commitTransaction();
      producer.beginTransaction();
      send(producer, 3, 10);
      producer.abortTransaction();
    }
    return 10;
  }

  private KafkaPartitionSplit at(long offset) {
    return new KafkaPartitionSplit(partition, offset);
  }

  private KafkaPartitionSplit atCommitted() {
    return at(KafkaPartitionSplit.COMMITTED_OFFSET);
  }

  private Reading read(KafkaPartitionSplit split, boolean acceptLoss) throws Exception {
    Reading reading =
        new Reading(
            KafkaSources.images(connection, topics, "test", acceptLoss)
                .createReader(new Context()));
    opened.add(reading);
    reading.reader.start();
    reading.reader.addSplits(List.of(split));
    return reading;
  }

  /** The source reader of a task, driven by the test. */
  private static final class Reading implements ReaderOutput<IncomingRecord> {
    private final SourceReader<IncomingRecord, KafkaPartitionSplit> reader;
    private final List<Long> offsets = new ArrayList<>();
    private boolean closed;

    Reading(SourceReader<IncomingRecord, KafkaPartitionSplit> reader) {
      this.reader = reader;
    }

    void until(BooleanSupplier condition) throws Exception {
      while (!condition.getAsBoolean()) {
        takeTurn();
      }
    }

    void takeTurn() throws Exception {
      try {
        reader.isAvailable().get(100, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        return;
      }
      reader.pollNext(this);
    }

    void untilRead(int records) throws Exception {
      until(() -> offsets.size() >= records);
    }

    void close() throws Exception {
      if (!closed) {
        closed = true;
        reader.close();
      }
    }

    /** The offset at which a snapshot taken now would resume. */
    long next() {
      return reader.snapshotState(1).get(0).getStartingOffset();
    }

    /** The message that ends the job. */
    String end() {
      Throwable failure = catchThrowable(() -> until(() -> false));
      assertThat(ExceptionUtils.findThrowable(failure, SuppressRestartsException.class))
          .as(ExceptionUtils.stringifyException(failure))
          .isPresent();
      return FailureCause.of(failure);
    }

    @Override
    public void collect(IncomingRecord record) {
      offsets.add(record.source.offset());
    }

    @Override
    public void collect(IncomingRecord record, long timestamp) {
      collect(record);
    }

    @Override
    public void emitWatermark(Watermark watermark) {}

    @Override
    public void markIdle() {}

    @Override
    public void markActive() {}

    @Override
    public SourceOutput<IncomingRecord> createOutputForSplit(String split) {
      return this;
    }

    @Override
    public void releaseOutputForSplit(String split) {}
  }

  private final class Context implements SourceReaderContext {
    private final SourceReaderMetricGroup metrics =
        InternalSourceReaderMetricGroup.mock(new Counters());

    @Override
    public SourceReaderMetricGroup metricGroup() {
      return metrics;
    }

    @Override
    public Configuration getConfiguration() {
      return new Configuration();
    }

    @Override
    public String getLocalHostName() {
      return LocalBroker.LOOPBACK;
    }

    @Override
    public int getIndexOfSubtask() {
      return 0;
    }

    @Override
    public void sendSplitRequest() {}

    @Override
    public void sendSourceEventToCoordinator(SourceEvent event) {}

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
      return SimpleUserCodeClassLoader.create(getClass().getClassLoader());
    }
  }

  private final class Counters extends UnregisteredMetricsGroup {
    @Override
    public Counter counter(String name) {
      return counters.computeIfAbsent(name, first -> new SimpleCounter());
    }

    @Override
    public MetricGroup addGroup(String name) {
      return this;
    }
  }

  private static List<Long> offsets(long from, long to) {
    return LongStream.range(from, to).boxed().toList();
  }

  /** Some records are fetched, some are not, and all are deleted before the task reads them. */
  private Reading overtaken(boolean acceptLoss) throws Exception {
    send(200, 100_000);
    Reading reading = read(atCommitted(), acceptLoss);
    reading.untilRead(1);
    deleteBefore(200);
    return reading;
  }

  @Test
  void recordsDeletedBeforeABusyJobReadThemAreNamed() throws Exception {
    Reading reading = overtaken(false);
    String end = reading.end();
    int read = reading.offsets.size();
    assertThat(reading.offsets).isEqualTo(offsets(0, read)).hasSizeBetween(1, 199);
    assertThat(end)
        .contains("%s offsets %d to 199".formatted(partition, read))
        .contains("--accept-loss");
    assertThat(counters.get("deletedUnread").getCount()).isEqualTo(200 - read);
    assertThat(reading.next()).isEqualTo(read);
  }

  @Test
  void anAcceptedLossIsCountedAndSkipped() throws Exception {
    Reading reading = overtaken(true);
    reading.until(() -> reading.next() == 200);
    int read = reading.offsets.size();
    assertThat(reading.offsets).isEqualTo(offsets(0, read)).hasSizeBetween(1, 199);
    assertThat(counters.get("deletedUnread").getCount()).isEqualTo(200 - read);
    send(3, 10);
    reading.untilRead(read + 3);
    assertThat(reading.offsets.subList(read, read + 3)).isEqualTo(offsets(200, 203));
  }

  @Test
  void offsetsWithoutRecordsAreNoGapWhileTheJobRuns() throws Exception {
    long end = sendTransactions();
    Reading reading = read(atCommitted(), false);
    reading.until(() -> reading.next() == end);
    assertThat(reading.offsets).isEqualTo(offsets(0, 5));
    deleteBefore(end);
    send(3, 10);
    reading.untilRead(8);
    assertThat(reading.offsets.subList(5, 8)).isEqualTo(offsets(end, end + 3));
    assertThat(counters.get("deletedUnread").getCount()).isZero();
  }

  @Test
  void offsetsWithoutRecordsAreNoGapForASnapshotWithTheNextOffset() throws Exception {
    long end = sendTransactions();
    Reading before = read(atCommitted(), false);
    before.until(() -> before.next() == end);
    KafkaPartitionSplit snapshot = before.reader.snapshotState(1).get(0);
    before.close();
    deleteBefore(end);
    send(3, 10);
    Reading after = read(snapshot, false);
    after.untilRead(3);
    assertThat(after.offsets).isEqualTo(offsets(end, end + 3));
    // A snapshot of an earlier release holds the offset after the last record.
    assertThat(read(at(5), false).end()).contains("%s offsets 5 to 9".formatted(partition));
  }

  @Test
  void aFirstStartReadsFromTheOldestRecordAndKeepsItsOffset() throws Exception {
    send(5, 10);
    deleteBefore(5);
    Reading reading = read(atCommitted(), false);
    reading.until(() -> reading.next() == 5);
    KafkaPartitionSplit snapshot = reading.reader.snapshotState(1).get(0);
    reading.close();
    send(5, 10);
    deleteBefore(10);
    assertThat(read(snapshot, false).end()).contains("%s offsets 5 to 9".formatted(partition));
  }

  @Test
  void aStartFromCommittedOffsetsSkipsNothing() throws Exception {
    send(5, 10);
    Reading first = read(atCommitted(), false);
    first.untilRead(5);
    OffsetAndMetadata committed = commit(first, 5);
    first.close();
    assertThat(committed.metadata()).startsWith("topic-id=");
    Reading second = read(atCommitted(), false);
    second.untilRead(5);
    assertThat(second.offsets).isEqualTo(offsets(5, 10));
    deleteBefore(7);
    assertThat(read(atCommitted(), false).end()).contains("%s offsets 5 to 6".formatted(partition));
  }

  /**
   * Commits the offsets that were read for the job's group, sends five more records, and returns
   * the commit.
   */
  private OffsetAndMetadata commit(Reading reading, long next) throws Exception {
    reading.reader.snapshotState(1);
    reading.reader.notifyCheckpointComplete(1);
    send(5, 10);
    while (true) {
      reading.takeTurn();
      OffsetAndMetadata committed = committed();
      if (committed != null && committed.offset() == next) {
        return committed;
      }
    }
  }

  private OffsetAndMetadata committed() throws Exception {
    try (Admin admin = connection.admin()) {
      return admin
          .listConsumerGroupOffsets(GROUP)
          .partitionsToOffsetAndMetadata()
          .get()
          .get(partition);
    }
  }

  @Test
  void aCloseWaitsForTheCommitOfTheLastCheckpoint() throws Exception {
    send(5, 10);
    Reading reading = read(atCommitted(), false);
    reading.untilRead(5);
    // The topic has no new records, so the reader is in a poll that lasts ten seconds.
    reading.reader.snapshotState(1);
    reading.reader.notifyCheckpointComplete(1);
    reading.close();
    assertThat(committed().offset()).isEqualTo(5);
  }

  @Test
  void aCommittedOffsetOfADeletedTopicIsIgnored() throws Exception {
    send(5, 10);
    Reading before = read(atCommitted(), false);
    before.untilRead(5);
    OffsetAndMetadata committed = commit(before, 5);
    before.close();
    recreateTopic();
    send(20, 10);
    // A job that has not noticed the deletion commits such an offset.
    try (Admin admin = connection.admin()) {
      admin.alterConsumerGroupOffsets(GROUP, Map.of(partition, committed)).all().get();
    }
    Reading fresh = read(atCommitted(), false);
    fresh.untilRead(20);
    assertThat(fresh.offsets).isEqualTo(offsets(0, 20));
  }

  @Test
  void anOffsetBeyondTheEndOfARecreatedTopicIsNamed() throws Exception {
    send(20, 10);
    Reading reading = read(atCommitted(), true);
    reading.untilRead(20);
    recreateTopic();
    send(5, 10);
    assertThat(reading.end())
        .contains("topic %s was deleted and recreated".formatted(topics.images()))
        .contains("--fresh");
  }

  @Test
  void anOffsetBeyondTheEndIsNamed() throws Exception {
    send(5, 10);
    assertThat(read(at(20), true).end())
        .contains("%s was read up to offset 20 and ends at 5".formatted(partition))
        .contains("--fresh");
  }
}
