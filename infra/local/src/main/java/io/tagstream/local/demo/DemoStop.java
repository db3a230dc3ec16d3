package io.tagstream.local.demo;

import io.tagstream.settings.Interruption;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The request to end a demo, made by a signal or after enough predictions. */
final class DemoStop implements AutoCloseable {
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Interruption interruption = Interruption.listen(stop::countDown);

  private DemoStop() {}

  static DemoStop onSignals() {
    return new DemoStop();
  }

  void request() {
    stop.countDown();
  }

  boolean requested() {
    return stop.getCount() == 0;
  }

  /** Waits for the request; returns false when the time is over. */
  boolean await(Duration patience) throws InterruptedException {
    return stop.await(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    interruption.close();
  }
}
