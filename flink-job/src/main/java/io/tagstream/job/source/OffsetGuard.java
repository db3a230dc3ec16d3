package io.tagstream.job.source;

import io.tagstream.job.flow.Coordinates;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.concurrent.ExecutorThreadFactory;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps each partition's next offset and the ids of the Kafka cluster and of the topics in state
 * next to the source's, in one subtask off the stream's path, and compares them with the broker
 * when a snapshot is resumed: the source itself would read another cluster's records, or those of a
 * recreated topic, from where the old ones ended. No checkpoint completes, and so nothing is
 * committed, before the comparison has succeeded. At each checkpoint a separate thread requests the
 * topics' ids again. {@link GapCheckedSplitReader}, which knows the exact offset that was read,
 * reports records that were deleted before they were read.
 *
 * <p>While Kafka is unavailable it waits; the sinks limit for how long.
 *
 * <p>One subtask, because the source reassigns its partitions at each start. With several subtasks
 * the offsets would have to be union state, and a checkpoint with union state fails the job while
 * only some of the subtasks have finished, as happens briefly when a job stops.
 */
public final class OffsetGuard extends ProcessFunction<Coordinates, Void>
    implements CheckpointedFunction, CheckpointListener {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(OffsetGuard.class);

  /** The first offset of a partition that has not been read. */
  public record NextOffset(String topic, int partition, long offset) {}

  /** A topic and its Kafka id. */
  public record TopicId(String topic, String id) {}

  private final SourceBroker broker;
  private final Set<String> topics;
  private final boolean acceptLoss;

  private transient Map<TopicPartition, Long> next;
  private transient ListState<NextOffset> offsets;
  private transient ListState<String> clusterIds;
  private transient ListState<TopicId> topicIds;
  private transient String clusterId;

  /** Topic ids by topic, as of when reading began; topics that are no longer read stay. */
  private transient Map<String, String> known;

  private transient ExecutorService asking;

  /** The pending request for the topics' present ids; empty if there is none. */
  private transient Optional<Future<Map<String, String>>> question;

  /**
   * @param topics the topics that are read
   * @param acceptLoss whether a missing partition is only a warning
   */
  public OffsetGuard(SourceBroker broker, Set<String> topics, boolean acceptLoss) {
    this.broker = broker;
    this.topics = Set.copyOf(topics);
    this.acceptLoss = acceptLoss;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    next = new HashMap<>();
    known = new HashMap<>();
    question = Optional.empty();
    asking = Executors.newSingleThreadExecutor(new ExecutorThreadFactory("offset-guard"));
    OperatorStateStore state = context.getOperatorStateStore();
    offsets =
        state.getListState(
            new ListStateDescriptor<>("next-offsets", TypeInformation.of(NextOffset.class)));
    clusterIds = state.getListState(new ListStateDescriptor<>("kafka-cluster-id", Types.STRING));
    topicIds =
        state.getListState(
            new ListStateDescriptor<>("topic-ids", TypeInformation.of(TopicId.class)));
    clusterId = answer(broker::clusterId);
    if (context.isRestored()) {
      for (String id : clusterIds.get()) {
        if (!id.equals(clusterId)) {
          throw Refusals.anotherCluster(id, clusterId);
        }
      }
      for (NextOffset entry : offsets.get()) {
        next.put(new TopicPartition(entry.topic(), entry.partition()), entry.offset());
      }
      for (TopicId entry : topicIds.get()) {
        known.put(entry.topic(), entry.id());
      }
    }
    Map<String, String> current = answer(this::currentIds);
    Refusals.requireSameTopics(known, current);
    // Topics read for the first time, or missing in a snapshot of an earlier release.
    current.forEach(known::putIfAbsent);
    requireOffsetsWithinBounds();
  }

  private Map<String, String> currentIds() throws Exception {
    Set<String> asked = new HashSet<>(topics);
    asked.addAll(known.keySet());
    return broker.topicIds(asked);
  }

  /** Repeats a query until a broker answers. */
  private static <T> T answer(Callable<T> question) throws Exception {
    while (true) {
      try {
        return question.call();
      } catch (Exception e) {
        if (ExceptionUtils.findThrowable(e, TimeoutException.class).isEmpty()) {
          throw e;
        }
        LOG.warn(
            "Kafka does not answer a request for the offsets that the snapshot's are compared"
                + " with");
      }
    }
  }

  private void requireOffsetsWithinBounds() throws Exception {
    Map<TopicPartition, Long> ends = answer(() -> broker.latest(next.keySet()));
    List<String> gone = new ArrayList<>();
    List<String> beyond = new ArrayList<>();
    Map<String, Map.Entry<TopicPartition, Long>> sorted = new TreeMap<>();
    next.entrySet().forEach(entry -> sorted.put(entry.getKey().toString(), entry));
    for (Map.Entry<TopicPartition, Long> entry : sorted.values()) {
      TopicPartition partition = entry.getKey();
      Optional<Long> end = Optional.ofNullable(ends.get(partition));
      if (end.isEmpty()) {
        gone.add(
            "%s no longer exists, read up to offset %d".formatted(partition, entry.getValue()));
      } else if (end.get() < entry.getValue()) {
        beyond.add(Refusals.end(partition, entry.getValue(), end.get()));
      }
    }
    if (!beyond.isEmpty()) {
      throw Refusals.beyondTheEnd(beyond);
    }
    if (gone.isEmpty()) {
      return;
    }
    if (!acceptLoss) {
      throw Refusals.deletedUnread(gone);
    }
    LOG.warn(
        "Continuing without records that were deleted before they were read: {}",
        String.join(", ", gone));
  }

  @Override
  public void processElement(Coordinates read, Context context, Collector<Void> nothing) {
    next.put(new TopicPartition(read.topic(), read.partition()), read.offset() + 1);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    requireSameTopics();
    if (question.isEmpty()) {
      question = Optional.of(asking.submit(this::currentIds));
    }
    List<NextOffset> entries = new ArrayList<>(next.size());
    next.forEach(
        (partition, offset) ->
            entries.add(new NextOffset(partition.topic(), partition.partition(), offset)));
    offsets.update(entries);
    clusterIds.update(List.of(clusterId));
    topicIds.update(
        known.entrySet().stream().map(id -> new TopicId(id.getKey(), id.getValue())).toList());
  }

  @Override
  public void notifyCheckpointComplete(long checkpoint) throws Exception {
    requireSameTopics();
  }

  /** Compares the ids of the last request, if it was answered. */
  private void requireSameTopics() throws InterruptedException {
    if (question.isEmpty() || !question.get().isDone()) {
      return;
    }
    try {
      Map<String, String> current = question.get().get();
      Refusals.requireSameTopics(known, current);
      current.forEach(known::putIfAbsent);
    } catch (ExecutionException e) {
      LOG.debug(
          "Kafka does not report its topics' ids; the next checkpoint requests them again", e);
    }
    question = Optional.empty();
  }

  @Override
  public void close() {
    if (asking != null) {
      asking.shutdownNow();
    }
    broker.close();
  }
}
