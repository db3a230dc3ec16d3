package io.tagstream.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.schemas.Label;
import io.tagstream.schemas.WireFormat;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class TopicReaderTest {
  private static final String TOPIC = "labels";
  private static final TopicPartition FIRST = new TopicPartition(TOPIC, 0);
  private static final TopicPartition SECOND = new TopicPartition(TOPIC, 1);
  private static final WireFormat<Label> FORMAT = WireFormat.of(Label.class);

  private final MockConsumer<byte[], byte[]> broker = new MockConsumer<>("earliest");
  private final List<String> read = new ArrayList<>();
  private int enough = Integer.MAX_VALUE;

  private TopicReader<Label> reader(long firstEnd, long secondEnd) {
    broker.updatePartitions(
        TOPIC,
        List.of(
            new PartitionInfo(TOPIC, 0, Node.noNode(), new Node[0], new Node[0]),
            new PartitionInfo(TOPIC, 1, Node.noNode(), new Node[0], new Node[0])));
    broker.updateBeginningOffsets(Map.of(FIRST, 0L, SECOND, 0L));
    broker.updateEndOffsets(new HashMap<>(Map.of(FIRST, firstEnd, SECOND, secondEnd)));
    return new TopicReader<>(broker, TOPIC, FORMAT);
  }

  private final class Collector implements TopicReader.Sink<Label> {
    @Override
    public boolean record(Label label) {
      read.add(label.getImageId());
      return read.size() < enough;
    }

    @Override
    public boolean malformed(String where, String reason) {
      read.add(where + " " + reason);
      return true;
    }
  }

  private void add(TopicPartition partition, long offset, byte[] value) {
    broker.addRecord(
        new ConsumerRecord<>(partition.topic(), partition.partition(), offset, new byte[0], value));
  }

  private void add(TopicPartition partition, long offset, String id) {
    add(
        partition,
        offset,
        FORMAT.encode(
            Label.newBuilder()
                .setImageId(id)
                .setLabel("x")
                .setAnnotator("ann")
                .setLabeledAt(Instant.EPOCH)
                .setOrigin("producer")
                .build()));
  }

  /** Offset 1 of the first partition is a transaction marker, not a record, so its end is 2. */
  @Test
  void theEndIsReachedByPositionNotByCount() {
    TopicReader<Label> reader = reader(2, 1);
    broker.schedulePollTask(
        () -> {
          add(FIRST, 0, "a");
          add(SECOND, 0, "b");
        });
    broker.schedulePollTask(() -> broker.seek(FIRST, 2));

    reader.read(TopicReader.Start.BEGINNING, TopicReader.Stop.END_AT_START, new Collector());

    assertThat(read).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void laterRecordsAreBeyondTheEnd() {
    TopicReader<Label> reader = reader(1, 1);
    broker.schedulePollTask(
        () -> {
          add(FIRST, 0, "a");
          add(FIRST, 1, "later");
        });
    broker.schedulePollTask(() -> add(SECOND, 0, "b"));

    reader.read(TopicReader.Start.BEGINNING, TopicReader.Stop.END_AT_START, new Collector());

    assertThat(read).containsExactly("a", "b");
  }

  @Test
  void anEmptyTopicIsAtItsEnd() {
    reader(0, 0).read(TopicReader.Start.BEGINNING, TopicReader.Stop.END_AT_START, new Collector());
    assertThat(read).isEmpty();
  }

  @Test
  void fromTheEndOnlyNewRecordsAreRead() {
    TopicReader<Label> reader = reader(5, 0);
    enough = 1;
    broker.schedulePollTask(
        () -> {
          assertThat(broker.position(FIRST)).isEqualTo(5);
          assertThat(broker.position(SECOND)).isEqualTo(0);
          add(FIRST, 5, "new");
        });

    reader.read(TopicReader.Start.END, TopicReader.Stop.NEVER, new Collector());

    assertThat(read).containsExactly("new");
  }

  @Test
  void theSinkEndsTheRead() {
    TopicReader<Label> reader = reader(3, 0);
    enough = 2;
    broker.schedulePollTask(
        () -> {
          for (int offset = 0; offset < 3; offset++) {
            add(FIRST, offset, "n" + offset);
          }
        });

    reader.read(TopicReader.Start.BEGINNING, TopicReader.Stop.NEVER, new Collector());

    assertThat(read).containsExactly("n0", "n1");
  }

  @Test
  void aMalformedRecordIsReportedAndTheRestIsRead() {
    TopicReader<Label> reader = reader(3, 0);
    broker.schedulePollTask(
        () -> {
          add(FIRST, 0, new byte[] {1, 2});
          broker.addRecord(new ConsumerRecord<>(TOPIC, 0, 1, new byte[0], null));
          add(FIRST, 2, "c");
        });

    reader.read(TopicReader.Start.BEGINNING, TopicReader.Stop.END_AT_START, new Collector());

    assertThat(read).hasSize(3);
    assertThat(read.get(0)).startsWith("labels[0]@0 the record is no Avro single object");
    assertThat(read.get(1)).isEqualTo("labels[0]@1 the record is empty");
    assertThat(read.get(2)).isEqualTo("c");
  }

  @Test
  void aStopEndsAnEndlessRead() throws InterruptedException {
    TopicReader<Label> reader = reader(0, 0);
    CountDownLatch ended = new CountDownLatch(1);
    Thread reading =
        new Thread(
            () -> {
              reader.read(TopicReader.Start.END, TopicReader.Stop.NEVER, new Collector());
              ended.countDown();
            });
    reading.start();
    reader.stop();
    ended.await();
    reader.close();
    assertThat(broker.closed()).isTrue();
  }
}
