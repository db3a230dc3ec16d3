package io.tagstream.model.engine;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who computes on this process's processors. An OpenMP team that is larger than the processors that
 * are free waits for its last thread at the end of every loop: beside one busy thread a pass on
 * both of two processors takes three times as long as alone, and longer than on one of them. So
 * what computes beside the engines takes processors here, and {@code deeplearning4j}'s passes on
 * the CPU make do with the others. ONNX Runtime fixes its threads when it opens a model.
 */
public final class Processors {
  private static final int COUNT = Runtime.getRuntime().availableProcessors();
  private static final AtomicInteger TAKEN = new AtomicInteger();

  /** What the thread has taken; 0 for an engine's. */
  private static final ThreadLocal<Integer> OWN = ThreadLocal.withInitial(() -> 0);

  private Processors() {}

  /** What is done on some processors. */
  @FunctionalInterface
  public interface Work<E extends Exception> {
    void run() throws E;
  }

  /**
   * Works beside the engines.
   *
   * @param count how many processors it keeps busy, 1 or more; its own passes use as many
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
   * How many of the threads that a pass of the calling thread wants it should have now: 1 or more.
   */
  public static int share(int wanted) {
    int own = OWN.get();
    return Math.min(wanted, own > 0 ? own : Math.max(1, COUNT - TAKEN.get()));
  }
}
