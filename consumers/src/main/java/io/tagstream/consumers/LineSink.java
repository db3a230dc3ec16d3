package io.tagstream.consumers;

import io.tagstream.settings.Printable;
import java.io.PrintWriter;
import java.util.function.Function;

/** Prints each record immediately, until the maximum is reached or the output is closed. */
final class LineSink<T> implements TopicReader.Sink<T> {
  private final PrintWriter out;
  private final PrintWriter err;
  private final Function<T, String> text;
  private final long max;
  private long printed;
  private long malformed;

  LineSink(PrintWriter out, PrintWriter err, Function<T, String> text, long max) {
    this.out = out;
    this.err = err;
    this.text = text;
    this.max = max;
  }

  @Override
  public boolean record(T record) {
    out.println(text.apply(record));
    printed++;
    // checkError flushes. An error means that the reader of a pipe has ended, which is not a
    // failure.
    return !out.checkError() && printed < max;
  }

  @Override
  public boolean malformed(String where, String reason) {
    err.printf("tagstream: %s: %s%n", Printable.of(where), Printable.of(reason));
    err.flush();
    malformed++;
    return true;
  }

  long malformed() {
    return malformed;
  }
}
