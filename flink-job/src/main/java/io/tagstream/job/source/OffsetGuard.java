package io.tagstream.job.source;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.settings.UserException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Beside the stream, in one subtask, keeps each partition's next offset and the Kafka cluster's id
 * with the source's own state, and holds both against the broker when a snapshot is resumed: the
 * source itself would skip deleted records in silence, and would read another cluster's from where
 * this one's ended. No checkpoint completes, and so nothing is committed, before it has agreed.
 *
 * <p>One subtask, because the source deals its partitions out anew at each start; spread over
 * several, the offsets would have to be union state, with which a checkpoint fails the job when
 * only some of the subtasks have ended, as they have for a moment while a job stops.
 */
public final class OffsetGuard extends ProcessFunction<Coordinates, Void>
    implements CheckpointedFunction {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(OffsetGuard.class);

  /** The first offset of a partition that has not been read. */
  public record NextOffset(String topic, int partition, long offset) {}

  private final SourceBroker broker;
  private final boolean acceptLoss;

  private transient Map<TopicPartition, Long> next;
  private transient ListState<NextOffset> offsets;
  private transient ListState<String> clusterIds;
  private transient String clusterId;

  /**
   * @param acceptLoss a gap is a warning
   */
  public OffsetGuard(SourceBroker broker, boolean acceptLoss) {
    this.broker = broker;
    this.acceptLoss = acceptLoss;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    next = new HashMap<>();
    offsets =
        context
            .getOperatorStateStore()
            .getListState(
                new ListStateDescriptor<>("next-offsets", TypeInformation.of(NextOffset.class)));
    clusterIds =
        context
            .getOperatorStateStore()
            .getListState(new ListStateDescriptor<>("kafka-cluster-id", Types.STRING));
    clusterId = broker.clusterId();
    if (context.isRestored()) {
      for (String known : clusterIds.get()) {
        requireSameCluster(known);
      }
      for (NextOffset entry : offsets.get()) {
        next.put(new TopicPartition(entry.topic(), entry.partition()), entry.offset());
      }
      requireNoGap();
    }
  }

  private void requireSameCluster(String known) throws SuppressRestartsException {
    if (!known.equals(clusterId)) {
      throw refuse(
          "the snapshot is of Kafka cluster %s, this is %s: its offsets mean nothing here; use the other --bootstrap-server, or --fresh, which gives up exactly once"
              .formatted(known, clusterId));
    }
  }

  private void requireNoGap() throws Exception {
    Map<TopicPartition, Long> earliest = broker.earliest(next.keySet());
    List<String> gaps = new ArrayList<>();
    Map<String, Map.Entry<TopicPartition, Long>> sorted = new TreeMap<>();
    next.entrySet().forEach(entry -> sorted.put(entry.getKey().toString(), entry));
    for (Map.Entry<TopicPartition, Long> entry : sorted.values()) {
      TopicPartition partition = entry.getKey();
      Long oldest = earliest.get(partition);
      if (oldest == null) {
        gaps.add("%s is gone, read up to offset %d".formatted(partition, entry.getValue()));
      } else if (oldest > entry.getValue()) {
        gaps.add("%s offsets %d to %d".formatted(partition, entry.getValue(), oldest - 1));
      }
    }
    if (gaps.isEmpty()) {
      return;
    }
    String lost = String.join(", ", gaps);
    if (!acceptLoss) {
      throw refuse(
          "records were deleted before they were read: %s (the end of a producer's transaction has an offset too, and is no record); --accept-loss goes on without them"
              .formatted(lost));
    }
    LOG.warn("Going on without records that were deleted before they were read: {}", lost);
  }

  /** No restart brings deleted records or another cluster back. */
  private static SuppressRestartsException refuse(String message) {
    return new SuppressRestartsException(new UserException(message));
  }

  @Override
  public void processElement(Coordinates read, Context context, Collector<Void> nothing) {
    next.put(new TopicPartition(read.topic(), read.partition()), read.offset() + 1);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    List<NextOffset> entries = new ArrayList<>(next.size());
    next.forEach(
        (partition, offset) ->
            entries.add(new NextOffset(partition.topic(), partition.partition(), offset)));
    offsets.update(entries);
    clusterIds.update(List.of(clusterId));
  }
}
