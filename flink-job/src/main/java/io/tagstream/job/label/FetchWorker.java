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
 * The thread that reads records again. Its methods are called by the task's thread; what it is
 * given to call back, it calls on its own.
 */
final class FetchWorker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FetchWorker.class);

  private final RecordLog.Reader reader;
  private final Duration patience;
  private final Consumer<List<RecordLog.Answer>> then;
  private final Consumer<Throwable> onFailure;
  private final Thread thread;

  /** Guarded by itself. */
  private final NavigableSet<Coordinates> wanted = new TreeSet<>(RecordLog.ORDER);

  /** Held from one hand-over until the task has taken it: records do not pile up before it. */
  private final Semaphore handOver = new Semaphore(1);

  private volatile boolean closing;

  /**
   * @param reader is closed with the worker
   * @param patience how long the log may give no answer while its brokers are there
   * @param then hears answers; must see to it that {@link #taken} is called after
   * @param onFailure hears what ended the worker; nothing is read after that
   */
  FetchWorker(
      RecordLog.Reader reader,
      Duration patience,
      String name,
      Consumer<List<RecordLog.Answer>> then,
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

  /** Asks for a record; not again before it was answered. */
  void fetch(Coordinates place) {
    synchronized (wanted) {
      wanted.add(place);
      wanted.notifyAll();
    }
  }

  /** The answers last handed over have gone on. */
  void taken() {
    handOver.release();
  }

  private void run() {
    try (reader) {
      Silence silence = new Silence(patience);
      while (!closing) {
        if (awaitWork()) {
          silence.begin();
        }
        NavigableSet<Coordinates> places = places();
        List<RecordLog.Answer> answers =
            places.isEmpty() ? List.of() : reader.read(places, Silence.ONE_READ);
        if (!answers.isEmpty()) {
          handOver(answers);
          silence.begin();
        } else if (!places.isEmpty() && !closing) {
          silence.lasts(reader, places);
        }
      }
    } catch (InterruptedException e) {
      // Nobody interrupts it but a JVM that ends.
      Thread.currentThread().interrupt();
    } catch (Throwable e) {
      // Errors too: a thread that dies in silence would leave the task waiting for ever.
      if (closing) {
        LOG.debug("Failed while closing", e);
      } else {
        onFailure.accept(e);
      }
    }
  }

  /** Whether it had to wait. */
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

  private void handOver(List<RecordLog.Answer> answers) throws InterruptedException {
    synchronized (wanted) {
      answers.forEach(answer -> wanted.remove(answer.place()));
    }
    handOver.acquire();
    if (!closing) {
      then.accept(answers);
    }
  }

  /** Waits for the read under way, which is woken up; also an interrupt does not end the wait. */
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
