package io.tagstream.job.source;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.synchronization.FutureCompletingBlockingQueue;
import org.apache.flink.connector.kafka.source.reader.fetcher.KafkaSourceFetcherManager;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.TopicPartition;

/**
 * Commits the offsets of a checkpoint as soon as it completes, and those of a stop's savepoint
 * before the reader closes. The connector's own manager commits after the poll in progress, which
 * on a quiet topic lasts ten seconds, and drops uncommitted offsets when it closes; a later start
 * could then not tell that a job of its name has run.
 */
final class PromptCommits extends KafkaSourceFetcherManager {
  /** The longest that a close waits for Kafka. */
  private static final Duration LAST_COMMIT = Duration.ofSeconds(5);

  private final List<GapCheckedSplitReader> readers;
  private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

  private PromptCommits(
      FutureCompletingBlockingQueue<RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>>> queue,
      Supplier<GapCheckedSplitReader> open,
      List<GapCheckedSplitReader> readers) {
    super(
        queue,
        () -> {
          GapCheckedSplitReader reader = open.get();
          readers.add(reader);
          return reader;
        },
        finishedSplits -> {});
    this.readers = readers;
  }

  static PromptCommits of(
      FutureCompletingBlockingQueue<RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>>> queue,
      Supplier<GapCheckedSplitReader> open) {
    return new PromptCommits(queue, open, new CopyOnWriteArrayList<>());
  }

  @Override
  public void commitOffsets(
      Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
    if (offsets.isEmpty()) {
      return;
    }
    CompletableFuture<Void> committed = new CompletableFuture<>();
    last = committed;
    super.commitOffsets(
        offsets,
        (answered, failure) -> {
          callback.onComplete(answered, failure);
          committed.complete(null);
        });
    // The committing thread may be in a poll, or blocked on a full queue.
    readers.forEach(GapCheckedSplitReader::wakeUp);
    fetchers.keySet().forEach(getQueue()::wakeUpPuttingThread);
  }

  @Override
  public synchronized void close(long timeoutMs) throws Exception {
    try {
      last.get(LAST_COMMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // Kafka is unavailable: the snapshot has the offsets.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    super.close(timeoutMs);
  }
}
