package io.tagstream.model.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** A team of threads, the calling one among them, that runs the parts of one work. */
public final class Workers implements AutoCloseable {
  private final String name;
  private final int count;
  private final ExecutorService others;

  @FunctionalInterface
  public interface Work {

    /**
     * Runs one part.
     *
     * @param worker index below {@link #count()}; two concurrent calls never have the same
     */
    void run(int worker, int part);
  }

  /**
   * Creates the team; its threads start with the first work.
   *
   * @param name of the threads
   * @param count of the threads, the calling one included
   */
  public Workers(String name, int count) {
    this.name = name;
    this.count = count;
    this.others =
        Executors.newFixedThreadPool(
            Math.max(1, count - 1),
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
  }

  public int count() {
    return count;
  }

  /**
   * Runs all parts, in any order, and returns when they are complete.
   *
   * @throws IllegalStateException if a part failed; the message and the cause are its exception's
   */
  public void run(int parts, Work work) {
    if (parts == 1 || count == 1) {
      for (int part = 0; part < parts; part++) {
        work.run(0, part);
      }
      return;
    }
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> running = new ArrayList<>();
    for (int i = 1; i < Math.min(count, parts); i++) {
      int worker = i;
      running.add(others.submit(() -> take(next, parts, worker, work)));
    }
    Optional<Throwable> failure = Optional.empty();
    try {
      take(next, parts, 0, work);
    } catch (RuntimeException | Error e) {
      failure = Optional.of(e);
    }
    // Also after a failure: the caller may then free the memory that they write to.
    for (Future<?> other : running) {
      Optional<Throwable> others = await(other);
      failure = failure.or(() -> others);
    }
    if (failure.isPresent()) {
      if (failure.get() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(
          name + " failed: " + failure.get().getMessage(), failure.get());
    }
  }

  private static void take(AtomicInteger next, int parts, int worker, Work work) {
    for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
      work.run(worker, part);
    }
  }

  /** The failure of a task, if it failed. */
  private static Optional<Throwable> await(Future<?> task) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          task.get();
          return Optional.empty();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          return Optional.of(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    others.shutdownNow();
  }
}
