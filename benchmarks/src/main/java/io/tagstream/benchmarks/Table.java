package io.tagstream.benchmarks;

import java.io.PrintWriter;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Rows under a header; the first column is text, the others are numbers.
 *
 * @param note explains the numbers
 */
record Table(String title, String note, List<String> header, List<List<String>> rows) {
  Table {
    header = List.copyOf(header);
    rows = rows.stream().map(List::copyOf).toList();
    int columns = header.size();
    if (rows.stream().anyMatch(row -> row.size() != columns)) {
      throw new IllegalArgumentException("a row of %s does not match its header".formatted(title));
    }
  }

  void print(PrintWriter out) {
    out.printf("%n%s%n%s%n%n", title, note);
    int[] widths =
        IntStream.range(0, header.size())
            .map(
                column ->
                    Math.max(
                        header.get(column).length(),
                        rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0)))
            .toArray();
    out.println(line(header, widths));
    rows.forEach(row -> out.println(line(row, widths)));
  }

  private static String line(List<String> cells, int[] widths) {
    return IntStream.range(0, cells.size())
        .mapToObj(
            column ->
                column == 0
                    ? cells.get(column) + " ".repeat(widths[column] - cells.get(column).length())
                    : " ".repeat(widths[column] - cells.get(column).length()) + cells.get(column))
        .collect(Collectors.joining("  "))
        .stripTrailing();
  }
}
