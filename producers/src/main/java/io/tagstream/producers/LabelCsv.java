package io.tagstream.producers;

import io.tagstream.settings.InputFile;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Reads {@code id,label} lines in the format of RFC 4180: a field in double quotes may contain
 * commas, line breaks and doubled quotes.
 */
final class LabelCsv {
  private static final Set<List<String>> HEADERS =
      Set.of(List.of("id", "label"), List.of("imageId", "label"));

  /** Largest file, in bytes; enough for a million labels. */
  private static final long LARGEST = 128 << 20;

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private final String text;
  private int at;
  private int line = 1;

  private LabelCsv(String text) {
    this.text = text;
  }

  /**
   * Reads a whole file.
   *
   * @param problems receives a line {@code FILE:LINE: reason} for each invalid record
   * @throws UserException when the file cannot be read
   */
  static List<LabelLine> read(Path file, List<String> problems) {
    String text;
    try {
      ByteBuffer content = ByteBuffer.wrap(InputFile.read(file, LARGEST));
      text = StandardCharsets.UTF_8.newDecoder().decode(content).toString();
    } catch (CharacterCodingException e) {
      throw new UserException("%s is not in UTF-8".formatted(file), e);
    } catch (IOException e) {
      throw new UserException("cannot read %s: %s".formatted(file, ReadFailure.reason(e)), e);
    }
    LabelCsv csv = new LabelCsv(text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text);
    List<LabelLine> labels = new ArrayList<>();
    while (csv.at < csv.text.length()) {
      int line = csv.line;
      try {
        List<String> fields = csv.record();
        boolean blank = fields.equals(List.of(""));
        boolean header = line == 1 && HEADERS.contains(fields);
        if (!blank && !header) {
          labels.add(label(fields));
        }
      } catch (IllegalArgumentException e) {
        problems.add("%s:%d: %s".formatted(file, line, e.getMessage()));
      }
    }
    return labels;
  }

  private static LabelLine label(List<String> fields) {
    if (fields.size() != 2) {
      throw new IllegalArgumentException(
          "two fields are expected, id and label, not %d".formatted(fields.size()));
    }
    return new LabelLine(fields.get(0), fields.get(1));
  }

  /**
   * Reads to the end of the record, also when it throws, so that the next record is parsed from its
   * beginning.
   */
  private List<String> record() {
    List<String> fields = new ArrayList<>();
    do {
      fields.add(at < text.length() && text.charAt(at) == '"' ? quoted() : plain());
    } while (follows(','));
    int end = at;
    skipLine();
    if (!text.substring(end, at).isBlank()) {
      throw new IllegalArgumentException("characters follow a closing quote");
    }
    return fields;
  }

  private String plain() {
    int start = at;
    while (at < text.length() && ",\r\n".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return text.substring(start, at);
  }

  private String quoted() {
    StringBuilder field = new StringBuilder();
    at++;
    while (at < text.length()) {
      char next = text.charAt(at++);
      if (next != '"') {
        line += next == '\n' ? 1 : 0;
        field.append(next);
      } else if (follows('"')) {
        field.append('"');
      } else {
        return field.toString();
      }
    }
    throw new IllegalArgumentException("the quote that opens a field is never closed");
  }

  private boolean follows(char wanted) {
    boolean found = at < text.length() && text.charAt(at) == wanted;
    at += found ? 1 : 0;
    return found;
  }

  private void skipLine() {
    while (at < text.length() && text.charAt(at) != '\n') {
      at++;
    }
    at = Math.min(at + 1, text.length());
    line++;
  }
}
