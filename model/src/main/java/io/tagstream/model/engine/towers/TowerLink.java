package io.tagstream.model.engine.towers;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A tower's end of the link to the other tower. Each call waits until the other tower makes the
 * same call, copies what it needs from the other's array, and waits again, so that both may then
 * overwrite the arrays that they shared. A call throws {@link IllegalStateException} if the other
 * tower fails or has failed. To be used by the tower's thread only.
 *
 * <p>Arrays are rows of channels. {@code own} has this tower's channels only; {@code both} has
 * those of the first tower, then those of the second.
 */
public final class TowerLink {
  private final Meeting meeting;
  private final int tower;
  private final Map<String, Long> received = new LinkedHashMap<>();

  /** The rendezvous of both towers' threads, and the array that each shares with the other. */
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
   * Concatenates both towers' channels.
   *
   * @param layer that reads them
   * @param both written, {@code rows} rows
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
   * Adds both towers' sums for this tower's channels.
   *
   * @param layer whose input the channels are
   * @param both this tower's sums for all channels
   * @param own written, {@code rows} rows
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
   * Puts the adjacent channels of the other tower next to this tower's.
   *
   * @param layer whose maps the channels are
   * @param neighbours number of adjacent channels
   * @param wide written, {@code rows} rows: this tower's channels and, on the other tower's side,
   *     room for at least {@code neighbours} more; the rest is set to 0
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

  /** Copies this tower's channels out of a {@link #widen wide} array, without waiting. */
  public void narrow(int rows, FloatBuffer wide, FloatBuffer own) {
    int mine = own.remaining() / rows;
    int all = wide.remaining() / rows;
    copy(rows, wide, all, ownFrom(mine, all), own, mine, 0, mine);
  }

  /** Index of this tower's first channel in a row of a {@link #widen wide} array. */
  public int ownFrom(int own, int wide) {
    return tower == 0 ? 0 : wide - own;
  }

  /** The bytes that this tower received from the other since the last call, by layer. */
  public Map<String, Long> takeReceivedBytes() {
    Map<String, Long> bytes = new LinkedHashMap<>(received);
    received.clear();
    return bytes;
  }

  /** The failure that {@link #cut} the link. */
  Optional<Throwable> failure() {
    return Optional.ofNullable(meeting.failure.get());
  }

  /** Ends the link: calls of both towers fail from now on, also those that wait now. */
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
