package io.tagstream.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelLinesTest {
  @TempDir Path folder;
  private final List<String> problems = new ArrayList<>();

  private List<LabelLine> read(String text) throws IOException {
    return LabelCsv.read(Files.writeString(folder.resolve("l.csv"), text), problems);
  }

  @Test
  void theLastEqualsSignSeparatesIdAndLabel() {
    assertThat(LabelLine.ofAssignment("a/b=c.jpg= red rose "))
        .isEqualTo(new LabelLine("a/b=c.jpg", "red rose"));
    for (String wrong :
        List.of("a", "=b", "a=", "a=\u0007", "a\u009b=b", "x".repeat(1025) + "=b")) {
      assertThatThrownBy(() -> LabelLine.ofAssignment(wrong))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void linesAreIdAndLabel() throws IOException {
    assertThat(read("a,x\r\n\nb,y")).containsExactly(line("a", "x"), line("b", "y"));
    assertThat(problems).isEmpty();
  }

  @Test
  void aHeaderAndAByteOrderMarkAreSkipped() throws IOException {
    assertThat(read("\uFEFFid,label\na,x\n")).containsExactly(line("a", "x"));
    assertThat(read("imageId,label\na,x\n")).containsExactly(line("a", "x"));
    assertThat(read("a,x\nid,label\n")).containsExactly(line("a", "x"), line("id", "label"));
  }

  @Test
  void quotesHoldCommasQuotesAndLineEnds() throws IOException {
    assertThat(read("\"a,1\",\"the \"\"x\"\"\"\n\"c\nd\",x\nb,y\n"))
        .containsExactly(line("a,1", "the \"x\""), line("b", "y"));
    assertThat(problems)
        .containsExactly(folder.resolve("l.csv") + ":2: the id holds the control character U+000A");
  }

  @Test
  void everyInvalidLineIsReportedWithItsNumber() throws IOException {
    String longest = "x".repeat(257);
    List<LabelLine> good =
        read(
            "a,x\n,y\nb\nc,d,e\nf,\"ok\n\"\n\"g\"h,x\ni,%s\nj,\nlast,z\n\"open,z\n"
                .formatted(longest));

    Path file = folder.resolve("l.csv");
    assertThat(problems)
        .containsExactly(
            file + ":2: the image id is empty",
            file + ":3: two fields are expected, id and label, not 1",
            file + ":4: two fields are expected, id and label, not 3",
            file + ":7: characters follow a closing quote",
            file + ":8: the label has 257 characters, at most 256 are allowed",
            file + ":9: the label is empty",
            file + ":11: the quote that opens a field is never closed");
    assertThat(good).containsExactly(line("a", "x"), line("f", "ok"), line("last", "z"));
  }

  @Test
  void anotherEncodingIsReported() throws IOException {
    Path file = Files.write(folder.resolve("l.csv"), "a,é\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> LabelCsv.read(file, problems))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("not in UTF-8");
  }

  private static LabelLine line(String id, String label) {
    return new LabelLine(id, label);
  }
}
