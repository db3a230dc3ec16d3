package io.tagstream.job.retag;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.MalformedRecordException;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Source;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.Progress;
import io.tagstream.settings.UserException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the committed predictions and rejections of images: from predictions, from rejected-images,
 * and from the target topic of the new predictions, so that a second run adds nothing.
 *
 * <p>An open transaction may still be committed, and its images would then be predicted twice.
 * Therefore every record that is on the topics at the beginning must be committed or aborted before
 * the topics are read.
 */
final class CommittedAnswers {
  private static final Logger LOG = LoggerFactory.getLogger(CommittedAnswers.class);
  private static final Duration CHECK_INTERVAL = Duration.ofMillis(200);
  private static final Duration POLL = Duration.ofMillis(500);

  private final KafkaConnection connection;
  private final Map<String, Sources<?>> topics = new LinkedHashMap<>();

  /** Decodes the coordinates of the input record from a prediction or rejection. */
  private record Sources<T extends SpecificRecord>(
      WireFormat<T> format, Function<T, Source> source) {
    Coordinates of(byte[] value) throws MalformedRecordException {
      return Coordinates.of(source.apply(format.decode(value)));
    }
  }

  /**
   * @param target the topic of the new predictions
   */
  CommittedAnswers(KafkaConnection connection, Topics topics, String target) {
    this.connection = connection;
    Sources<Prediction> predictions =
        new Sources<>(WireFormat.of(Prediction.class), Prediction::getSource);
    this.topics.put(topics.predictions(), predictions);
    this.topics.put(target, predictions);
    this.topics.put(
        topics.rejectedImages(),
        new Sources<>(WireFormat.of(Rejection.class), Rejection::getSource));
  }

  /**
   * Finds the records of these ranges that have neither a prediction nor a rejection.
   *
   * @param err prints the progress
   * @throws UserException when a transaction stays open
   */
  MissingRecords missing(OffsetRanges ranges, PrintWriter err) {
    MissingRecords missing = new MissingRecords(ranges);
    try (Admin admin = connection.admin()) {
      Map<TopicPartition, Long> ends = decidedEnds(admin);
      Map<TopicPartition, Long> begins =
          offsets(admin, List.copyOf(ends.keySet()), OffsetSpec.earliest(), false);
      read(begins, ends, missing, err);
    } catch (ExecutionException e) {
      throw new UserException(
          "cannot read the earlier predictions and rejections: " + e.getCause().getMessage(),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException(
          "interrupted while reading the earlier predictions and rejections", e);
    }
    return missing;
  }

  /**
   * Waits until no transaction is open before the current ends of the topics; returns those ends.
   */
  private Map<TopicPartition, Long> decidedEnds(Admin admin)
      throws ExecutionException, InterruptedException {
    List<TopicPartition> partitions = new ArrayList<>();
    for (TopicDescription topic :
        admin.describeTopics(topics.keySet()).allTopicNames().get().values()) {
      topic
          .partitions()
          .forEach(info -> partitions.add(new TopicPartition(topic.name(), info.partition())));
    }
    Map<TopicPartition, Long> ends = offsets(admin, partitions, OffsetSpec.latest(), false);
    long deadline = System.nanoTime() + connection.patience().toNanos();
    List<TopicPartition> open = open(admin, ends);
    while (!open.isEmpty()) {
      if (System.nanoTime() - deadline > 0) {
        throw new UserException(
            "transactions that may still be committed are open on %s (waited %s): start the job, which commits the transactions that it had prepared, or wait until they time out (transaction.timeout.ms); then run this again"
                .formatted(
                    open.stream()
                        .map(TopicPartition::toString)
                        .sorted()
                        .collect(Collectors.joining(", ")),
                    DurationText.format(connection.patience())));
      }
      TimeUnit.MILLISECONDS.sleep(CHECK_INTERVAL.toMillis());
      open = open(admin, ends);
    }
    return ends;
  }

  private static List<TopicPartition> open(Admin admin, Map<TopicPartition, Long> ends)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, Long> decided =
        offsets(admin, List.copyOf(ends.keySet()), OffsetSpec.latest(), true);
    return ends.keySet().stream()
        .filter(partition -> decided.get(partition) < ends.get(partition))
        .toList();
  }

  private static Map<TopicPartition, Long> offsets(
      Admin admin, List<TopicPartition> partitions, OffsetSpec which, boolean committed)
      throws ExecutionException, InterruptedException {
    var answers =
        admin.listOffsets(
            partitions.stream().collect(Collectors.toMap(partition -> partition, same -> which)),
            new ListOffsetsOptions(
                committed ? IsolationLevel.READ_COMMITTED : IsolationLevel.READ_UNCOMMITTED));
    Map<TopicPartition, Long> offsets = new HashMap<>();
    for (TopicPartition partition : partitions) {
      offsets.put(partition, answers.partitionResult(partition).get().offset());
    }
    return offsets;
  }

  private void read(
      Map<TopicPartition, Long> begins,
      Map<TopicPartition, Long> ends,
      MissingRecords missing,
      PrintWriter err) {
    Properties properties = connection.consumerProperties();
    properties.remove(ConsumerConfig.GROUP_ID_CONFIG);
    properties.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
    // If records are deleted while they are read, continue with the oldest one that is left.
    properties.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    try (KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(
                properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        Progress progress =
            Progress.start(
                err,
                "reading",
                "earlier predictions and rejections",
                OptionalLong.of(sum(ends) - sum(begins)))) {
      consumer.assign(ends.keySet());
      consumer.seekToBeginning(ends.keySet());
      Map<TopicPartition, Long> positions = begins;
      while (ends.keySet().stream().anyMatch(at -> consumer.position(at) < ends.get(at))) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          note(record, missing);
        }
        Map<TopicPartition, Long> now =
            ends.keySet().stream().collect(Collectors.toMap(at -> at, consumer::position));
        progress.advance(sum(now) - sum(positions));
        positions = now;
      }
    }
  }

  private static long sum(Map<TopicPartition, Long> offsets) {
    return offsets.values().stream().mapToLong(Long::longValue).sum();
  }

  private void note(ConsumerRecord<byte[], byte[]> record, MissingRecords missing) {
    try {
      missing.answered(
          topics
              .get(record.topic())
              .of(Optional.ofNullable(record.value()).orElseGet(() -> new byte[0])));
    } catch (MalformedRecordException e) {
      LOG.warn(
          "Skipped {}-{}@{}, which is neither a prediction nor a rejection: {}",
          record.topic(),
          record.partition(),
          record.offset(),
          e.getMessage());
    }
  }
}
