package io.tagstream.model.image;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts the memory of the images that are being decoded. A claim that does not fit waits until
 * others have ended; who came first is served first, so that many small images cannot keep a large
 * one waiting.
 */
final class DecodeMemory {
  /** Of all decoders in the process. */
  static final DecodeMemory PROCESS = new DecodeMemory();

  /** Short, so that a process that was suspended has not waited all the while. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** Held by who is next. */
  private final ReentrantLock line = new ReentrantLock(true);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition freed = lock.newCondition();
  private long claimed;

  /** The part of {@link #claimed} whose decodes are over their time. */
  private long hung;

  /** Bytes of one image, until closed. */
  final class Claim implements AutoCloseable {
    private final long bytes;
    private boolean isHung;

    private Claim(long bytes) {
      this.bytes = bytes;
    }

    /** Says that nobody knows when this will be closed. */
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
   * Waits for memory.
   *
   * @param bytes at most the limit
   * @param limit of all claims together
   * @param patience how long to wait for memory that only hung decodes can give back
   * @throws HungDecodersException when they do not
   * @throws CancellationException when the thread is interrupted
   */
  Claim claim(long bytes, long limit, Duration patience) {
    try {
      line.lockInterruptibly();
      try {
        await(bytes, limit, patience);
        return new Claim(bytes);
      } finally {
        line.unlock();
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
        Duration look = patience.compareTo(LOOK) < 0 ? patience : LOOK;
        if (!freed.await(look.toNanos(), TimeUnit.NANOSECONDS)) {
          waited = waited.plus(look);
        }
      }
      claimed += bytes;
    } finally {
      lock.unlock();
    }
  }

  /** Bytes claimed now. */
  long claimed() {
    lock.lock();
    try {
      return claimed;
    } finally {
      lock.unlock();
    }
  }
}
