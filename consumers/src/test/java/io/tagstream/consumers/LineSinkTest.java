package io.tagstream.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import org.junit.jupiter.api.Test;

class LineSinkTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private LineSink<Integer> sink(Writer to, long max) {
    return new LineSink<>(new PrintWriter(to), new PrintWriter(err), number -> "n" + number, max);
  }

  @Test
  void eachLineIsFlushed() {
    assertThat(sink(out, 5).record(1)).isTrue();
    assertThat(out.toString()).isEqualToIgnoringNewLines("n1");
  }

  @Test
  void theSinkEndsAtItsMaximum() {
    LineSink<Integer> sink = sink(out, 2);
    assertThat(sink.record(1)).isTrue();
    assertThat(sink.record(2)).isFalse();
  }

  @Test
  void aClosedPipeEndsIt() {
    Writer broken =
        new Writer() {
          @Override
          public void write(char[] text, int from, int length) throws IOException {
            throw new IOException("Broken pipe");
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    assertThat(sink(broken, 5).record(1)).isFalse();
  }

  @Test
  void aMalformedRecordDoesNotCountAsPrinted() {
    LineSink<Integer> sink = sink(out, 1);
    assertThat(sink.malformed("t[0]@1", "cut short")).isTrue();
    assertThat(sink.malformed()).isEqualTo(1);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).isEqualToIgnoringNewLines("tagstream: t[0]@1: cut short");
    assertThat(sink.record(1)).isFalse();
  }
}
