package io.tagstream.model;

import java.time.Duration;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/**
 * Logs a condition that lasts, such as a folder that cannot be read, when it begins, when it
 * changes and when it ends, however often it is checked. Thread-safe.
 */
public final class LastingState {
  /** Differences between two checks that are no change: the names of temporary files, amounts. */
  private static final Pattern AMOUNTS =
      Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\\b\\d+\\b");

  private final BiConsumer<String, Throwable> log;
  private final String what;
  private Optional<String> present = Optional.empty();
  private long since;

  /**
   * Creates a condition that has not begun.
   *
   * @param log takes a line and its cause, which is null at the end; a logger's {@code warn} or
   *     {@code error}
   * @param what each line begins with: what goes wrong while the condition lasts
   */
  public LastingState(BiConsumer<String, Throwable> log, String what) {
    this.log = log;
    this.what = what;
  }

  /**
   * Reports that the condition holds.
   *
   * @param how a line about it; a different line is a change, unless only amounts differ
   * @return whether the condition has begun or changed
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

  /** Reports that the condition does not hold, or no longer. */
  public synchronized void isOver() {
    if (present.isPresent()) {
      present = Optional.empty();
      Duration lasted = Duration.ofNanos(System.nanoTime() - since);
      log.accept("%s: over after %d s".formatted(what, lasted.toSeconds()), null);
    }
  }
}
