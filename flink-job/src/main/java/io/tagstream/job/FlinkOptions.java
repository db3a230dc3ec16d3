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

/** The job's needs in Flink's words; settings under {@code flink.} go before them. */
public final class FlinkOptions {
  private FlinkOptions() {}

  /** What labels and images of one job in this process may take of native memory. */
  private static final MemorySize ROCKSDB_MEMORY = MemorySize.ofMebiBytes(64);

  /** One that is damaged leaves two others. */
  private static final int RETAINED_CHECKPOINTS = 3;

  /** What the job needs wherever it runs. */
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

    // While Kafka is away, checkpoints expire one after the other, and that is no failure. Those
    // that fail for another reason fail faster, and soon are as many.
    options.set(
        CheckpointingOptions.TOLERABLE_FAILURE_NUMBER,
        1 + Math.toIntExact(kafka.outage().dividedBy(checkpoints.timeout())));

    // A training ends after its current step, whose length is for the network and the machine to
    // say, and closing waits for it. A watchdog that loses its patience kills the whole process,
    // with whatever else runs in it.
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

  /** How images travel between operators. */
  public static void ofElements(Configuration options) {
    // Whatever is no POJO would go through Kryo, slowly and with no promise for its next version.
    options.set(PipelineOptions.GENERIC_TYPES, false);
    options.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
    // Elements never change after they were made, and no operator keeps a StreamRecord.
    options.set(PipelineOptions.OBJECT_REUSE, true);
    // An image fills several buffers; what remains of it must not wait for the next one.
    options.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ZERO);
  }

  /**
   * What the join of labels needs besides: it remembers a day's images, far more than belongs on a
   * heap or into each checkpoint anew. The state of all others is a few offsets, and stays on the
   * heap under RocksDB too.
   */
  static void rememberImages(Configuration options) {
    options.set(StateBackendOptions.STATE_BACKEND, "rocksdb");
    options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
    // An image is looked up before it is put down, and hardly ever found.
    options.set(RocksDBConfigurableOptions.USE_BLOOM_FILTER, true);
    // A buffer begins with an eighth of its size, and there is one for each of four kinds of state:
    // of 64 MiB each, the default, these would be all that is allowed, and be written out for ever.
    options.set(RocksDBConfigurableOptions.WRITE_BUFFER_SIZE, MemorySize.ofMebiBytes(8));
  }

  /**
   * The same for {@link #ofMiniCluster}.
   *
   * @param folder on a disk: the temporary folder is memory on many a machine
   */
  static void rememberImagesHere(Configuration options, Path folder) {
    options.set(RocksDBOptions.LOCAL_DIRECTORIES, folder.toString());
    // Instead of managed memory, which is dealt out by slots whether they remember or not, and goes
    // before a fixed size while it is not switched off.
    options.set(RocksDBOptions.USE_MANAGED_MEMORY, false);
    options.set(RocksDBOptions.FIX_PER_TM_MEMORY_SIZE, ROCKSDB_MEMORY);
  }

  /** Resumes, and owns what it resumed from, so that the snapshot is deleted in its turn. */
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

  /** A cluster in this process: it listens on this machine alone, and is small. */
  public static void ofMiniCluster(Configuration options) {
    String here = "127.0.0.1";
    options.set(RestOptions.ADDRESS, here);
    options.set(RestOptions.BIND_ADDRESS, here);
    options.set(RestOptions.BIND_PORT, "0");
    options.set(JobManagerOptions.BIND_HOST, here);
    options.set(TaskManagerOptions.BIND_HOST, here);
    // Nothing sorts, and the state is a few offsets on the heap.
    options.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(4));
    options.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(64));
    options.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(64));
  }

  /**
   * How many checkpoints a job leaves.
   *
   * @param flink Flink's own settings, as the user gave them
   */
  static int retainedCheckpoints(Map<String, String> flink) {
    return Configuration.fromMap(flink)
        .getOptional(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS)
        .orElse(RETAINED_CHECKPOINTS);
  }

  /** Flink's own settings, as the user gave them. */
  public static void passThrough(Configuration options, Map<String, String> flink) {
    flink.forEach(options::setString);
  }
}
