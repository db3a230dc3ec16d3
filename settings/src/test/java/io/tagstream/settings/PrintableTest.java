package io.tagstream.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {

  @ParameterizedTest
  @ValueSource(
      ints = {
        0, 7, '\n', '\r', '\t', 0x1b, 0x7f, 0x80, 0x85, 0x9b, 0x9f, 0x61c, 0x200e, 0x200f, 0x2028,
        0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xd800, 0xdfff
      })
  void charactersThatMoveTextAreEscaped(int character) {
    String text = "a" + Character.toString(character) + "b";
    assertThat(Printable.of(text)).isEqualTo("a\\u%04xb".formatted(character));
  }

  /** Persian words and family emoji contain zero-width joiners and non-joiners. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Gänseblümchen",
        "שלום",
        "می\u200cخواهم",
        "👨\u200d👩\u200d👧",
        "雛菊",
        "a\u00a0b",
        "\\u009b"
      })
  void otherTextIsUnchanged(String text) {
    assertThat(Printable.of(text)).isEqualTo(text);
  }

  @Test
  void aNameMayHoldJoinersAndDirectionMarksButNothingThatEmbeds() {
    assertThat(Printable.isControl(0x200d)).isFalse();
    assertThat(Printable.isControl(0x200f)).isFalse();
    assertThat(Printable.isControl(0x202e)).isTrue();
    assertThat(Printable.isControl(0x2067)).isTrue();
    assertThat(Printable.isControl(0x9b)).isTrue();
  }

  @Test
  void aWriterKeepsLineBreaks() {
    StringWriter written = new StringWriter();
    PrintWriter out = Printable.onto(new PrintWriter(written));
    out.printf("%s\t%s\n", "a\u009b2Jb", "👩");
    out.write('\u202e');
    out.write("x\u001b[0m".toCharArray(), 1, 2);
    out.print("\r");
    out.flush();
    assertThat(written.toString()).isEqualTo("a\\u009b2Jb\t👩\n\\u202e\\u001b[\r");
  }

  @Test
  void aBrokenPipeIsReported() {
    Writer broken =
        new Writer() {
          @Override
          public void write(char[] text, int from, int length) throws java.io.IOException {
            throw new java.io.IOException("Broken pipe");
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    PrintWriter out = Printable.onto(new PrintWriter(broken));
    out.println("line");
    assertThat(out.checkError()).isTrue();
  }
}
