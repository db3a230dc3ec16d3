package io.tagstream.model.engine.towers;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A tower's end of the link to the other one. Each call waits until the other tower makes the same
 * one, takes from there what it lacks, and waits again, so that afterwards both may overwrite what
 * they showed. When the other tower fails, or has failed, each throws {@link
 * IllegalStateException}. For the tower's thread.
 *
 * <p>Arrays are rows of channels: of both towers, the first one's come first; {@code own} has the
 * tower's alone.
 */
public final class TowerLink {
  private final Meeting meeting;
  private final int tower;
  private final Map<String, Long> received = new LinkedHashMap<>();

  /** Where both towers' threads come together, and what each shows the other there. */
  private static final class Meeting {
    private final Phaser phaser = new Phaser(2);
    private final FloatBuffer[] shown = new FloatBuffer[2];
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
  }

  private TowerLink(Meeting meeting, int tower) {
    this.meeting = meeting;
    this.tower = tower;
  }

  /** The two ends of a link. */
  static List<TowerLink> pair() {
    Meeting meeting = new Meeting();
    return List.of(new TowerLink(meeting, 0), new TowerLink(meeting, 1));
  }

  /**
   * Puts both towers' channels beside each other.
   *
   * @param layer that waits for them
   * @param both written, as many rows
   */
  public void gather(String layer, int rows, FloatBuffer own, FloatBuffer both) {
    int mine = own.remaining() / rows;
    int all = both.remaining() / rows;
    FloatBuffer theirs = meet(own);
    copy(rows, own, mine, 0, both, all, tower == 0 ? 0 : all - mine, mine);
    copy(rows, theirs, all - mine, 0, both, all, tower == 0 ? mine : 0, all - mine);
    count(layer, rows * (all - mine));
    leave();
  }

  /**
   * Adds what both towers have for the own channels.
   *
   * @param layer whose inputs they are
   * @param both this tower's sums for all channels
   * @param own written, as many rows
   */
  public void reduce(String layer, int rows, FloatBuffer both, FloatBuffer own) {
    int mine = own.remaining() / rows;
    int all = both.remaining() / rows;
    int first = tower == 0 ? 0 : all - mine;
    FloatBuffer theirs = meet(both);
    float[] sums = new float[mine];
    float[] more = new float[mine];
    for (int row = 0; row < rows; row++) {
      both.get(both.position() + row * all + first, sums);
      theirs.get(theirs.position() + row * all + first, more);
      for (int i = 0; i < mine; i++) {
        sums[i] += more[i];
      }
      own.put(own.position() + row * mine, sums);
    }
    count(layer, rows * mine);
    leave();
  }

  /**
   * Adds the other tower's channels that are next to the own ones.
   *
   * @param layer whose they are
   * @param neighbours how many of them
   * @param wide written, as many rows: the own channels and, on the other tower's side, at least
   *     those; further ones are 0
   */
  public void widen(String layer, int rows, FloatBuffer own, int neighbours, FloatBuffer wide) {
    int mine = own.remaining() / rows;
    int all = wide.remaining() / rows;
    FloatBuffer theirs = meet(own);
    if (all > mine + neighbours) {
      clear(wide);
    }
    copy(rows, own, mine, 0, wide, all, ownFrom(mine, all), mine);
    if (tower == 0) {
      copy(rows, theirs, mine, 0, wide, all, mine, neighbours);
    } else {
      copy(rows, theirs, mine, mine - neighbours, wide, all, all - mine - neighbours, neighbours);
    }
    count(layer, rows * neighbours);
    leave();
  }

  /** Takes the own channels out of a {@link #widen wide} array; nobody is waited for. */
  public void narrow(int rows, FloatBuffer wide, FloatBuffer own) {
    int mine = own.remaining() / rows;
    int all = wide.remaining() / rows;
    copy(rows, wide, all, ownFrom(mine, all), own, mine, 0, mine);
  }

  /** Where the own channels begin in a row of a {@link #widen wide} array. */
  public int ownFrom(int own, int wide) {
    return tower == 0 ? 0 : wide - own;
  }

  /** What this tower took from the other since the last call, in bytes by layer. */
  public Map<String, Long> takeReceivedBytes() {
    Map<String, Long> bytes = new LinkedHashMap<>(received);
    received.clear();
    return bytes;
  }

  /** Why nobody is waited for any more. */
  Optional<Throwable> failure() {
    return Optional.ofNullable(meeting.failure.get());
  }

  /** Nobody is waited for from now on: whoever meets the other, or waits for it now, fails. */
  void cut(Throwable failure) {
    meeting.failure.compareAndSet(null, failure);
    meeting.phaser.forceTermination();
  }

  private FloatBuffer meet(FloatBuffer shown) {
    meeting.shown[tower] = shown;
    await();
    return meeting.shown[1 - tower];
  }

  private void leave() {
    await();
  }

  private void await() {
    if (meeting.phaser.arriveAndAwaitAdvance() < 0) {
      throw new IllegalStateException("the other tower failed", meeting.failure.get());
    }
  }

  private void count(String layer, int numbers) {
    received.merge(layer, (long) numbers * Float.BYTES, Long::sum);
  }

  private static void clear(FloatBuffer buffer) {
    float[] zeros = new float[Math.min(buffer.remaining(), 4096)];
    for (int at = 0; at < buffer.remaining(); at += zeros.length) {
      buffer.put(buffer.position() + at, zeros, 0, Math.min(zeros.length, buffer.remaining() - at));
    }
  }

  private static void copy(
      int rows,
      FloatBuffer from,
      int fromWidth,
      int fromAt,
      FloatBuffer to,
      int toWidth,
      int toAt,
      int width) {
    for (int row = 0; row < rows; row++) {
      to.put(
          to.position() + row * toWidth + toAt,
          from,
          from.position() + row * fromWidth + fromAt,
          width);
    }
  }
}
