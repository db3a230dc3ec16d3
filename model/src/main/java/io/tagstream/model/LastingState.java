package io.tagstream.model;

import java.time.Duration;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/**
 * A state that lasts, such as a folder that cannot be read. The log has it when it begins, when it
 * changes and when it ends, however often somebody looks. Thread-safe.
 */
public final class LastingState {
  /** What differs from look to look without a meaning: the names of temporary files, amounts. */
  private static final Pattern AMOUNTS =
      Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\\b\\d+\\b");

  private final BiConsumer<String, Throwable> log;
  private final String what;
  private Optional<String> present = Optional.empty();
  private long since;

  /**
   * A state that is not there yet.
   *
   * @param log takes a line and its cause, null at the end; a logger's {@code warn} or {@code
   *     error}
   * @param what begins each line: what goes wrong while the state lasts
   */
  public LastingState(BiConsumer<String, Throwable> log, String what) {
    this.log = log;
    this.what = what;
  }

  /**
   * Says that the state is there.
   *
   * @param how it is, in a line; another one is a change, unless only amounts differ
   * @return whether it has begun or changed
   */
  public synchronized boolean lasts(String how, Throwable cause) {
    String kind = AMOUNTS.matcher(how).replaceAll("#");
    if (present.equals(Optional.of(kind))) {
      return false;
    }
    if (present.isEmpty()) {
      since = System.nanoTime();
    }
    present = Optional.of(kind);
    log.accept(what + ": " + how, cause);
    return true;
  }

  /** Says that the state is not there, or no longer. */
  public synchronized void isOver() {
    if (present.isPresent()) {
      present = Optional.empty();
      Duration lasted = Duration.ofNanos(System.nanoTime() - since);
      log.accept("%s: over after %d s".formatted(what, lasted.toSeconds()), null);
    }
  }
}
