package io.tagstream.job.label;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.IncomingRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongFunction;

/**
 * A log with a record at each offset of {@code images-0}, returned one at a time. The state is
 * static to this JVM, so it is shared when the fake is serialized with a job's graph.
 */
public final class FakeLog implements RecordLog {
  private static final long serialVersionUID = 1L;
  private static final Map<Integer, State> STATES = new ConcurrentHashMap<>();
  private static final AtomicInteger NEXT = new AtomicInteger();

  private final int id = NEXT.incrementAndGet();

  /** What tests read and change. */
  public static final class State {
    /** Reads wait until {@link #release}. */
    public volatile boolean hold;

    /** Reads return no result. */
    public volatile boolean silent;

    /** The broker is away for this many checks; after the last one, reads return results again. */
    public final AtomicInteger away = new AtomicInteger();

    public volatile boolean refusing;
    public final Set<Long> missing = ConcurrentHashMap.newKeySet();
    public final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    public final List<Long> answered = Collections.synchronizedList(new ArrayList<>());
    public final AtomicInteger open = new AtomicInteger();

    /** The value of the record at an offset. */
    public volatile LongFunction<byte[]> values = offset -> new byte[0];

    private final Semaphore began = new Semaphore(0);
    private final Semaphore permits = new Semaphore(0);

    public void release() {
      hold = false;
      permits.release(1000);
    }

    /** Waits until a read has begun. */
    public void awaitRead() {
      began.acquireUninterruptibly();
    }
  }

  public FakeLog() {
    STATES.put(id, new State());
  }

  public State state() {
    return STATES.get(id);
  }

  static Coordinates place(long offset) {
    return new Coordinates("images", 0, offset);
  }

  @Override
  public Reader open(String name) {
    State state = state();
    state.open.incrementAndGet();
    return new Reader() {
      @Override
      public List<ReadResult> read(SortedSet<Coordinates> places, Duration patience) {
        state.threads.add(Thread.currentThread());
        state.began.release();
        if (state.refusing) {
          throw new IllegalStateException("not authorized");
        }
        if (state.hold) {
          state.permits.acquireUninterruptibly();
        }
        if (state.silent) {
          return List.of();
        }
        Coordinates place = places.first();
        state.answered.add(place.offset());
        return List.of(
            state.missing.contains(place.offset())
                ? new Missing(place, "is not there")
                : new Found(
                    place,
                    new IncomingRecord(
                        place, Instant.EPOCH, true, state.values.apply(place.offset()))));
      }

      @Override
      public boolean isThere(SortedSet<Coordinates> places, Duration patience) {
        if (state.away.get() == 0) {
          return true;
        }
        state.silent = state.away.decrementAndGet() > 0;
        return false;
      }

      @Override
      public void wakeup() {
        state.release();
      }

      @Override
      public void close() {
        state.open.decrementAndGet();
      }
    };
  }
}
