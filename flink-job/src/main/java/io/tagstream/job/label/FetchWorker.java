package io.tagstream.job.label;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.threads.PatientWait;
import java.time.Duration;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that reads records again by their coordinates. The task's thread calls its methods;
 * callbacks run on the worker's thread.
 */
final class FetchWorker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FetchWorker.class);

  private final RecordLog.Reader reader;
  private final Duration patience;
  private final Consumer<List<RecordLog.ReadResult>> then;
  private final Consumer<Throwable> onFailure;
  private final Thread thread;

  /** Guarded by itself. */
  private final NavigableSet<Coordinates> wanted = new TreeSet<>(RecordLog.ORDER);

  /**
   * Held from a hand-over until {@link #taken}: at most one hand-over waits for the task, so
   * records do not pile up in memory.
   */
  private final Semaphore handOver = new Semaphore(1);

  private volatile boolean closing;

  /**
   * @param reader closed with the worker
   * @param patience the longest time without a result while the brokers are reachable
   * @param then receives results; {@link #taken} must be called after each
   * @param onFailure receives the failure that ended the worker; nothing is read after it
   */
  FetchWorker(
      RecordLog.Reader reader,
      Duration patience,
      String name,
      Consumer<List<RecordLog.ReadResult>> then,
      Consumer<Throwable> onFailure) {
    this.reader = reader;
    this.patience = patience;
    this.then = then;
    this.onFailure = onFailure;
    thread = new Thread(this::run, name);
    thread.setDaemon(true);
  }

  void start(ClassLoader classLoader) {
    thread.setContextClassLoader(classLoader);
    thread.start();
  }

  /** Requests a record. May be requested again only after its result was handed over. */
  void fetch(Coordinates place) {
    synchronized (wanted) {
      wanted.add(place);
      wanted.notifyAll();
    }
  }

  /** Allows the next hand-over: the task has processed the last one. */
  void taken() {
    handOver.release();
  }

  private void run() {
    try (reader) {
      ReadTimeout timeout = new ReadTimeout(patience);
      while (!closing) {
        if (awaitWork()) {
          timeout.reset();
        }
        NavigableSet<Coordinates> places = places();
        List<RecordLog.ReadResult> results =
            places.isEmpty() ? List.of() : reader.read(places, ReadTimeout.PER_READ);
        if (!results.isEmpty()) {
          handOver(results);
          timeout.reset();
        } else if (!places.isEmpty() && !closing) {
          timeout.noResult(reader, places);
        }
      }
    } catch (InterruptedException e) {
      // Only a JVM shutdown interrupts this thread.
      Thread.currentThread().interrupt();
    } catch (Throwable e) {
      // Errors too: if this thread died silently, the task would wait for its records indefinitely.
      if (closing) {
        LOG.debug("Failed while closing", e);
      } else {
        onFailure.accept(e);
      }
    }
  }

  /** Waits until a record is requested or the worker closes; returns whether it waited. */
  private boolean awaitWork() throws InterruptedException {
    boolean waited = false;
    synchronized (wanted) {
      while (wanted.isEmpty() && !closing) {
        waited = true;
        wanted.wait();
      }
    }
    return waited;
  }

  private NavigableSet<Coordinates> places() {
    synchronized (wanted) {
      return new TreeSet<>(wanted);
    }
  }

  private void handOver(List<RecordLog.ReadResult> results) throws InterruptedException {
    synchronized (wanted) {
      results.forEach(result -> wanted.remove(result.place()));
    }
    handOver.acquire();
    if (!closing) {
      then.accept(results);
    }
  }

  /**
   * Wakes up the running read and waits for the thread's end; an interrupt does not end the wait.
   */
  @Override
  public void close() {
    closing = true;
    synchronized (wanted) {
      wanted.notifyAll();
    }
    reader.wakeup();
    handOver.release();
    PatientWait.forEnd(thread);
  }
}
