package io.tagstream.job;

import io.tagstream.job.snapshot.ResumeDecision;
import io.tagstream.settings.CheckpointSettings;
import io.tagstream.settings.JobSettings;
import io.tagstream.settings.KafkaSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.state.rocksdb.RocksDBConfigurableOptions;
import org.apache.flink.state.rocksdb.RocksDBOptions;

/** Flink's options for the job; settings under {@code flink.} take precedence over them. */
public final class FlinkOptions {
  private FlinkOptions() {}

  /** Native memory for the labels and images in the state of one job in this process. */
  private static final MemorySize ROCKSDB_MEMORY = MemorySize.ofMebiBytes(64);

  /** If one is damaged, two others are left. */
  private static final int RETAINED_CHECKPOINTS = 3;

  /** Options of the job both in this process and on a cluster. */
  static Configuration ofJob(
      String jobName,
      CheckpointSettings checkpoints,
      JobSettings job,
      KafkaSettings kafka,
      String snapshots) {
    Configuration options = new Configuration();
    options.set(PipelineOptions.NAME, "Tagstream " + jobName);
    ofElements(options);

    options.set(StateBackendOptions.STATE_BACKEND, "hashmap");
    options.set(
        CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    options.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpoints.interval());
    options.set(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS, checkpoints.minPause());
    options.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, checkpoints.timeout());
    options.set(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS, RETAINED_CHECKPOINTS);
    options.set(CheckpointingOptions.ENABLE_UNALIGNED, false);
    options.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, snapshots);
    options.set(CheckpointingOptions.SAVEPOINT_DIRECTORY, snapshots);
    options.set(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);

    // While Kafka is away, checkpoints expire one after the other, which must not fail the job.
    // Checkpoints that fail for another reason fail faster and soon reach the same number.
    options.set(
        CheckpointingOptions.TOLERABLE_FAILURE_NUMBER,
        1 + Math.toIntExact(kafka.outage().dividedBy(checkpoints.timeout())));

    // Closing waits for the current step of a training, whose length depends on the network and the
    // machine. Flink's cancellation watchdog would kill the whole process meanwhile.
    options.set(TaskManagerOptions.TASK_CANCELLATION_TIMEOUT, Duration.ZERO);

    if (job.restartAttempts() == 0) {
      options.set(RestartStrategyOptions.RESTART_STRATEGY, "disable");
    } else {
      options.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
      options.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_INITIAL_BACKOFF,
          job.restartInitialDelay());
      options.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF,
          job.restartMaxDelay());
      options.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_BACKOFF_MULTIPLIER, 2.0);
      options.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_ATTEMPTS,
          job.restartAttempts());
    }
    return options;
  }

  /** Options for the elements between operators. */
  public static void ofElements(Configuration options) {
    // A type that is no POJO would be serialized by Kryo, which is slow and does not guarantee
    // compatibility between versions.
    options.set(PipelineOptions.GENERIC_TYPES, false);
    options.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
    // Elements are never changed after construction, and no operator keeps a StreamRecord.
    options.set(PipelineOptions.OBJECT_REUSE, true);
    // An image fills several buffers; its last, partly filled one must not wait for the next image.
    options.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ZERO);
  }

  /**
   * Additional options for the join of labels: its state holds the images of a day, too many for
   * the heap or for full checkpoints. The state of all other operators is a few offsets, which stay
   * on the heap under RocksDB too.
   */
  static void rememberImages(Configuration options) {
    options.set(StateBackendOptions.STATE_BACKEND, "rocksdb");
    options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
    // An image is looked up before it is stored, and is rarely found.
    options.set(RocksDBConfigurableOptions.USE_BLOOM_FILTER, true);
    // There is a write buffer for each of four kinds of state, and it allocates an eighth of its
    // size at once: with the default of 64 MiB these would use up the memory limit and be flushed
    // continuously.
    options.set(RocksDBConfigurableOptions.WRITE_BUFFER_SIZE, MemorySize.ofMebiBytes(8));
  }

  /**
   * Options for RocksDB with {@link #ofMiniCluster}.
   *
   * @param folder on a disk: the temporary folder is in memory on many machines
   */
  static void rememberImagesHere(Configuration options, Path folder) {
    options.set(RocksDBOptions.LOCAL_DIRECTORIES, folder.toString());
    // Instead of managed memory, which Flink divides among all slots whether they have such state
    // or not, and which takes precedence over a fixed size unless switched off.
    options.set(RocksDBOptions.USE_MANAGED_MEMORY, false);
    options.set(RocksDBOptions.FIX_PER_TM_MEMORY_SIZE, ROCKSDB_MEMORY);
  }

  /** Resumes in claim mode: Flink owns the snapshot and deletes it when it is subsumed. */
  static void resume(Configuration options, ResumeDecision decision) {
    decision
        .snapshot()
        .ifPresent(
            snapshot -> {
              options.set(StateRecoveryOptions.SAVEPOINT_PATH, snapshot.location());
              options.set(StateRecoveryOptions.RESTORE_MODE, RecoveryClaimMode.CLAIM);
              options.set(
                  StateRecoveryOptions.SAVEPOINT_IGNORE_UNCLAIMED_STATE, decision.dropSinkState());
            });
  }

  /** Options of a small cluster in this process that listens on the loopback address only. */
  public static void ofMiniCluster(Configuration options) {
    String here = "127.0.0.1";
    options.set(RestOptions.ADDRESS, here);
    options.set(RestOptions.BIND_ADDRESS, here);
    options.set(RestOptions.BIND_PORT, "0");
    options.set(JobManagerOptions.BIND_HOST, here);
    options.set(TaskManagerOptions.BIND_HOST, here);
    // No operator sorts, and the state is a few offsets on the heap.
    options.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(4));
    options.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(64));
    options.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(64));
  }

  /**
   * The number of checkpoints that a job retains.
   *
   * @param flink the user's settings under {@code flink.}
   */
  static int retainedCheckpoints(Map<String, String> flink) {
    return Configuration.fromMap(flink)
        .getOptional(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS)
        .orElse(RETAINED_CHECKPOINTS);
  }

  /** Applies the user's settings under {@code flink.}. */
  public static void passThrough(Configuration options, Map<String, String> flink) {
    flink.forEach(options::setString);
  }
}
