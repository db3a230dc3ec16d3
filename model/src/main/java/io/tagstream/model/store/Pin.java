package io.tagstream.model.store;

import io.tagstream.model.LastingState;
import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Protects versions from deletion until it is closed. Thread-safe. */
public final class Pin implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Pin.class);

  private final Path file;
  private final ScheduledExecutorService thread;
  private final Optional<String> owner;
  private final LastingState stale;
  private final Object lock = new Object();
  private Set<String> versions;
  private boolean closed;

  /**
   * @param owner the file's first line, before the versions
   * @param thread refreshes the file; shut down on close
   * @param each the interval between refreshes
   */
  Pin(
      Path file,
      Optional<String> owner,
      Set<String> versions,
      ScheduledExecutorService thread,
      Duration each) {
    this.file = file;
    this.owner = owner;
    this.stale = new LastingState(LOG::warn, "Cannot refresh " + file);
    this.versions = Set.copyOf(versions);
    this.thread = thread;
    try {
      write();
    } catch (IOException e) {
      thread.shutdown();
      throw new ModelException("cannot write " + file + ": " + e, e);
    }
    var unused =
        thread.scheduleWithFixedDelay(
            this::refresh, each.toMillis(), each.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Replaces the pinned versions.
   *
   * @throws ModelException if the file cannot be written; the previous versions stay pinned
   */
  public void set(Set<String> other) {
    synchronized (lock) {
      Set<String> before = versions;
      versions = Set.copyOf(other);
      try {
        write();
      } catch (IOException e) {
        versions = before;
        throw new ModelException("cannot write " + file + ": " + e, e);
      }
    }
  }

  private void refresh() {
    synchronized (lock) {
      if (closed) {
        return;
      }
      try {
        write();
        stale.isOver();
      } catch (Throwable e) {
        // The next refresh may succeed; the pin expires only after a day of failures. Errors are
        // caught too: an exception here would silently end the refreshes.
        boolean unused = stale.lasts(e.toString(), e);
      }
    }
  }

  private void write() throws IOException {
    Files.createDirectories(file.getParent());
    String lines =
        owner.map(line -> line + "\n").orElse("")
            + String.join("\n", new TreeSet<>(versions))
            + "\n";
    AtomicFiles.replace(file, lines.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      thread.shutdown();
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        LOG.warn("Cannot delete {}, which pins {} for a day: {}", file, versions, e.toString());
      }
    }
  }
}
