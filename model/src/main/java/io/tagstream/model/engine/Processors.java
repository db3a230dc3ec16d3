package io.tagstream.model.engine;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Divides this process's processors between engines and other work. An OpenMP team with more
 * threads than there are free processors waits for its last thread at the end of every loop: on two
 * processors, one of them busy, a pass with two threads takes three times as long as on an idle
 * machine, and longer than with one thread. So other work takes its processors here, and {@code
 * deeplearning4j}'s passes on the CPU use the remaining ones. ONNX Runtime fixes its threads when
 * it opens a model.
 */
public final class Processors {
  private static final int COUNT = Runtime.getRuntime().availableProcessors();
  private static final AtomicInteger TAKEN = new AtomicInteger();

  /** Processors that the current thread has taken; 0 in an engine's thread. */
  private static final ThreadLocal<Integer> OWN = ThreadLocal.withInitial(() -> 0);

  private Processors() {}

  /** Work that occupies some processors. */
  @FunctionalInterface
  public interface Work<E extends Exception> {
    void run() throws E;
  }

  /**
   * Runs work concurrently with the engines.
   *
   * @param count processors that it occupies, at least 1; passes within the work use as many
   *     threads
   */
  public static <E extends Exception> void take(int count, Work<E> work) throws E {
    int before = OWN.get();
    OWN.set(count);
    TAKEN.addAndGet(count - before);
    try {
      work.run();
    } finally {
      TAKEN.addAndGet(before - count);
      OWN.set(before);
    }
  }

  /**
   * The number of threads, from 1 to {@code wanted}, that a pass of the calling thread should use
   * now.
   */
  public static int share(int wanted) {
    int own = OWN.get();
    return Math.min(wanted, own > 0 ? own : Math.max(1, COUNT - TAKEN.get()));
  }
}
