package io.tagstream.job;

import java.util.concurrent.CountDownLatch;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/**
 * A sink that fails at the first element, and again when it is closed, which is a fatal error to
 * Flink.
 *
 * @param opens if false, creating the writer blocks, so the job never runs
 */
record BrokenSink<T>(boolean opens) implements Sink<T> {
  private static final long serialVersionUID = 1L;

  @Override
  public SinkWriter<T> createWriter(WriterInitContext context) {
    if (!opens) {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("cancelled", e);
      }
    }
    return new SinkWriter<>() {
      @Override
      public void write(T element, Context ignored) {
        throw new IllegalStateException("the first failure");
      }

      @Override
      public void flush(boolean endOfInput) {}

      @Override
      public void close() {
        throw new IllegalStateException("cannot close");
      }
    };
  }
}
