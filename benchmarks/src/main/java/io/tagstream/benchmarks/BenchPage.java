package io.tagstream.benchmarks;

import io.tagstream.pages.Chart;
import io.tagstream.pages.Markup;
import io.tagstream.pages.Page;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** Renders {@code bench.html}, a self-contained page of tables with bars. */
final class BenchPage {
  private static final int BAR_WIDTH = 160;
  private static final int BAR_HEIGHT = 10;

  private static final String CSS =
      """
      .wide table { white-space: nowrap; }
      th, td { text-align: right; }
      th:first-child, td:first-child { text-align: left; }
      .met { color: var(--first); } .missed { color: var(--second); }
      .bar { width: %spx; fill: var(--first); }
      """
          .formatted(BAR_WIDTH);

  private BenchPage() {}

  static String html(Report report, List<Table> tables, Optional<Chart> loads) {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        <h1>Tagstream bench</h1>
        <p>%s, %s, %s; %s.</p>
        """
            .formatted(
                Markup.text(report.machine()),
                Markup.text(report.images()),
                report.at(),
                report.rounds() == 1
                    ? "one round"
                    : "medians of %d rounds".formatted(report.rounds())));
    out.append(Page.section("Targets", targets(report.targets())));
    tables.forEach(table -> out.append(Page.section(table.title(), table(table))));
    loads.ifPresent(
        chart ->
            out.append("<figure class=\"charts\">%s<figcaption>".formatted(chart.svg()))
                .append(Markup.text(chart.title()))
                .append("</figcaption></figure>\n"));
    return Page.html("Tagstream bench", CSS, out.toString());
  }

  private static String targets(List<Target> targets) {
    StringBuilder out = new StringBuilder();
    out.append(
        "<div class=\"wide\"><table>\n<tr><th>ratio</th><th>wanted</th><th>measured</th><th></th></tr>\n");
    for (Target target : targets) {
      out.append(
          "<tr><td>%s</td><td>%s</td><td>%s</td><td class=\"%s\">%s</td></tr>\n"
              .formatted(
                  Markup.text(target.name()),
                  Markup.text(target.wantedText()),
                  Markup.text(target.measuredText()),
                  target.verdict(),
                  target.verdict()));
    }
    return out.append("</table></div>\n").toString();
  }

  /**
   * The first column of numbers gets bars in proportion to its largest number, unless the column
   * has no name.
   */
  private static String table(Table table) {
    boolean bars = !table.header().get(1).isEmpty();
    double largest =
        table.rows().stream()
            .map(row -> number(row.get(1)))
            .flatMapToDouble(OptionalDouble::stream)
            .max()
            .orElse(1);
    StringBuilder out = new StringBuilder();
    out.append("<p>%s</p>\n<div class=\"wide\"><table>\n<tr>".formatted(Markup.text(table.note())));
    table.header().forEach(cell -> out.append("<th>").append(Markup.text(cell)).append("</th>"));
    out.append(bars ? "<th></th></tr>\n" : "</tr>\n");
    for (List<String> row : table.rows()) {
      out.append("<tr>");
      row.forEach(cell -> out.append("<td>").append(Markup.text(cell)).append("</td>"));
      if (bars) {
        out.append("<td>").append(bar(number(row.get(1)).orElse(0) / largest)).append("</td>");
      }
      out.append("</tr>\n");
    }
    return out.append("</table></div>\n").toString();
  }

  private static String bar(double share) {
    return String.format(
        Locale.ROOT,
        "<svg class=\"bar\" viewBox=\"0 0 %d %d\"><rect width=\"%.1f\" height=\"%d\"/></svg>",
        BAR_WIDTH,
        BAR_HEIGHT,
        BAR_WIDTH * share,
        BAR_HEIGHT);
  }

  private static OptionalDouble number(String cell) {
    return cell.matches("[0-9.]+")
        ? OptionalDouble.of(Double.parseDouble(cell))
        : OptionalDouble.empty();
  }
}
