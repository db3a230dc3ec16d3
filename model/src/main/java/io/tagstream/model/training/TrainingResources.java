package io.tagstream.model.training;

/**
 * What a training may take of the machine.
 *
 * @param threads that compute
 * @param memoryBytes what the training step may hold outside the heap
 */
public record TrainingResources(int threads, long memoryBytes) {

  /** What the paper's GPUs had. */
  public static final long PAPER_MEMORY = 3L << 30;

  public TrainingResources {
    if (threads < 1 || memoryBytes < 1) {
      throw new IllegalArgumentException(
          "a training needs a thread and memory: %d, %d".formatted(threads, memoryBytes));
    }
  }

  /** All processors. */
  public static TrainingResources all() {
    return new TrainingResources(Runtime.getRuntime().availableProcessors(), PAPER_MEMORY);
  }
}
