package io.tagstream.model.image;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bounds the memory of the images that are being decoded. A claim that does not fit waits until
 * others are closed. Claims are granted in the order they arrive, so that many small images cannot
 * starve a large one.
 */
final class DecodeMemory {
  /** Shared by all decoders in the process. */
  static final DecodeMemory PROCESS = new DecodeMemory();

  /**
   * Waiting time is counted in intervals this short, so that a suspended process does not count the
   * whole suspension.
   */
  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

  /** Held by the claim that is next in line; fair. */
  private final ReentrantLock queue = new ReentrantLock(true);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition freed = lock.newCondition();
  private long claimed;

  /** The part of {@link #claimed} that belongs to decodes over their timeout. */
  private long hung;

  /** The bytes reserved for one image; {@link #close()} releases them. */
  final class Claim implements AutoCloseable {
    private final long bytes;
    private boolean isHung;

    private Claim(long bytes) {
      this.bytes = bytes;
    }

    /** Marks the claim as held by a decode over its timeout, which may never be closed. */
    void hang() {
      lock.lock();
      try {
        isHung = true;
        hung += bytes;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        claimed -= bytes;
        hung -= isHung ? bytes : 0;
        freed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Reserves memory and waits until it is free.
   *
   * @param bytes at most the limit
   * @param limit the limit on the sum of all claims, in bytes
   * @param patience how long to wait for memory that only hung decodes can release
   * @throws HungDecodersException if they do not release it within {@code patience}
   * @throws CancellationException if the thread is interrupted
   */
  Claim claim(long bytes, long limit, Duration patience) {
    try {
      queue.lockInterruptibly();
      try {
        await(bytes, limit, patience);
        return new Claim(bytes);
      } finally {
        queue.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while an image waited for memory");
    }
  }

  private void await(long bytes, long limit, Duration patience) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      Duration waited = Duration.ZERO;
      while (claimed + bytes > limit) {
        if (hung + bytes <= limit) {
          waited = Duration.ZERO;
        } else if (waited.compareTo(patience) >= 0) {
          throw new HungDecodersException(
              "images whose decoding has not ended hold %d bytes of image.memory %d, and the next one needs %d"
                  .formatted(hung, limit, bytes));
        }
        Duration interval = patience.compareTo(CHECK_INTERVAL) < 0 ? patience : CHECK_INTERVAL;
        if (!freed.await(interval.toNanos(), TimeUnit.NANOSECONDS)) {
          waited = waited.plus(interval);
        }
      }
      claimed += bytes;
    } finally {
      lock.unlock();
    }
  }

  /** Bytes that are reserved now. */
  long claimed() {
    lock.lock();
    try {
      return claimed;
    } finally {
      lock.unlock();
    }
  }
}
