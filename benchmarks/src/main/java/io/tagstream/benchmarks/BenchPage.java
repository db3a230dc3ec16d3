package io.tagstream.benchmarks;

import io.tagstream.model.report.Chart;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** {@code bench.html}: the tables with bars beside their numbers, in one page of its own. */
final class BenchPage {
  private static final int BAR_WIDTH = 160;
  private static final int BAR_HEIGHT = 10;

  private static final String STYLE =
      """
      body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
      h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem }
      p { color: #57606a; margin: 0 0 .8rem }
      .scroll { overflow-x: auto }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums }
      th, td { text-align: right; padding: .25rem .8rem; border-bottom: 1px solid #d8dee4; white-space: nowrap }
      th:first-child, td:first-child { text-align: left; padding-left: 0 }
      .met { color: #1a7f37 } .missed { color: #cf222e }
      rect { fill: #54aeff }
      figure { max-width: 40rem; margin: 2rem 0 } figcaption { color: #57606a }
      figure text { font-size: 9px; fill: #57606a } .axis, .grid { stroke: #8c959f; stroke-width: .6 } .grid { opacity: .4 }
      .line { fill: none; stroke-width: 1.6 } .line.s0 { stroke: #cf222e } .line.s1 { stroke: #0969da } circle.s0 { fill: #cf222e } circle.s1 { fill: #0969da }
      @media (prefers-color-scheme: dark) { body { color: #e6edf3; background: #0d1117 } p { color: #8d96a0 } th, td { border-color: #30363d } }
      """;

  private BenchPage() {}

  static String html(Report report, List<Table> tables, Optional<Chart> loads) {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        <!DOCTYPE html>
        <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
        <head><meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title>Tagstream bench</title>
        <style>%s</style></head>
        <body><h1>Tagstream bench</h1><p>%s, %s, %s; %s.</p>
        """
            .formatted(
                STYLE,
                text(report.machine()),
                text(report.images()),
                text(report.at().toString()),
                report.rounds() == 1
                    ? "one round"
                    : "medians of %d rounds".formatted(report.rounds())));
    targets(report.targets(), out);
    tables.forEach(table -> table(table, out));
    loads.ifPresent(
        chart ->
            out.append("<figure>%s<figcaption>".formatted(chart.svg()))
                .append(text(chart.title()))
                .append("</figcaption></figure>\n"));
    return out.append("</body></html>\n").toString();
  }

  private static void targets(List<Target> targets, StringBuilder out) {
    out.append(
        "<h2>Targets</h2><table><tr><th>ratio</th><th>wanted</th><th>measured</th><th></th></tr>");
    for (Target target : targets) {
      out.append(
          "<tr><td>%s</td><td>%s</td><td>%s</td><td class=\"%s\">%s</td></tr>"
              .formatted(
                  text(target.name()),
                  target.wantedText(),
                  target.measuredText(),
                  target.verdict(),
                  target.verdict()));
    }
    out.append("</table>\n");
  }

  /**
   * The first column of numbers has bars, as shares of its largest; one without a name has none.
   */
  private static void table(Table table, StringBuilder out) {
    boolean bars = !table.header().get(1).isEmpty();
    double largest =
        table.rows().stream()
            .map(row -> number(row.get(1)))
            .flatMapToDouble(OptionalDouble::stream)
            .max()
            .orElse(1);
    out.append(
        "<h2>%s</h2><p>%s</p><div class=\"scroll\"><table><tr>"
            .formatted(text(table.title()), text(table.note())));
    table.header().forEach(cell -> out.append("<th>").append(text(cell)).append("</th>"));
    out.append(bars ? "<th></th></tr>\n" : "</tr>\n");
    for (List<String> row : table.rows()) {
      out.append("<tr>");
      row.forEach(cell -> out.append("<td>").append(text(cell)).append("</td>"));
      if (bars) {
        out.append("<td>").append(bar(number(row.get(1)).orElse(0) / largest)).append("</td>");
      }
      out.append("</tr>\n");
    }
    out.append("</table></div>\n");
  }

  private static String bar(double share) {
    return String.format(
        Locale.ROOT,
        "<svg width=\"%d\" height=\"%d\"><rect width=\"%.1f\" height=\"%d\"/></svg>",
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

  private static String text(String words) {
    return words.replace("&", "&amp;").replace("<", "&lt;");
  }
}
