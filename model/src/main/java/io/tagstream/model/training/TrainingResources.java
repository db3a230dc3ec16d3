package io.tagstream.model.training;

/**
 * The resources that a training may use.
 *
 * @param threads computing threads
 * @param memoryBytes the off-heap memory of the training step, in bytes
 */
public record TrainingResources(int threads, long memoryBytes) {

  /** The memory of the paper's GPUs. */
  public static final long PAPER_MEMORY = 3L << 30;

  public TrainingResources {
    if (threads < 1 || memoryBytes < 1) {
      throw new IllegalArgumentException(
          "threads and memory must be above 0: %d, %d".formatted(threads, memoryBytes));
    }
  }

  /** All processors. */
  public static TrainingResources all() {
    return new TrainingResources(Runtime.getRuntime().availableProcessors(), PAPER_MEMORY);
  }
}
