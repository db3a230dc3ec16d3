package io.tagstream.model.report;

import io.tagstream.pages.Chart;
import io.tagstream.pages.Chart.Level;
import io.tagstream.pages.Chart.Line;
import io.tagstream.pages.Chart.Point;
import io.tagstream.pages.Markup;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The curves of the training by epoch: small charts side by side, and a table of their values. */
final class Curves {
  /** Longer histories are thinned out to this many epochs: a chart has no more pixels. */
  static final int MOST = 300;

  private final List<Epoch> history;
  private final int classes;

  Curves(List<Epoch> history, int classes) {
    this.history = thinned(history);
    this.classes = classes;
  }

  /** The first epoch, the last one and evenly spaced ones between. */
  private static List<Epoch> thinned(List<Epoch> history) {
    if (history.size() <= MOST) {
      return history;
    }
    List<Epoch> kept = new ArrayList<>();
    for (int i = 0; i < MOST; i++) {
      kept.add(history.get((int) ((long) i * (history.size() - 1) / (MOST - 1))));
    }
    return kept;
  }

  /**
   * The charts of the quantities that were measured.
   *
   * @param mostFrequent the accuracy of always predicting the most frequent class, 0 to 1
   */
  List<Chart> charts(OptionalDouble mostFrequent) {
    List<Chart> charts = new ArrayList<>();
    add(
        charts,
        "Loss, mean of the epoch, nats",
        Optional.empty(),
        Optional.empty(),
        Markup::significant,
        List.of(line("", epoch -> OptionalDouble.of(epoch.loss()))));
    Optional<Line> top5 =
        classes > Scores.TRIVIAL_TOP_FIVE ? line("top-5", percent(Epoch::top5)) : Optional.empty();
    add(
        charts,
        "Accuracy on held-out images, %",
        Optional.of(100.0),
        mostFrequent.stream()
            .boxed()
            .map(share -> new Level("most frequent class", 100 * share))
            .findFirst(),
        value -> Markup.fixed(value, 1),
        List.of(line("top-1", percent(Epoch::top1)), top5));
    add(
        charts,
        "Learning rate",
        Optional.empty(),
        Optional.empty(),
        Markup::significant,
        List.of(line("", Epoch::learningRate)));
    add(
        charts,
        "Images per second",
        Optional.empty(),
        Optional.empty(),
        value -> Markup.fixed(value, 1),
        List.of(line("", Epoch::imagesPerSecond)));
    add(
        charts,
        "Waiting for images, % of the time",
        Optional.empty(),
        Optional.empty(),
        value -> Markup.fixed(value, 1),
        List.of(line("", percent(Epoch::waiting))));
    return charts;
  }

  private static Function<Epoch, OptionalDouble> percent(Function<Epoch, OptionalDouble> share) {
    return epoch -> {
      OptionalDouble value = share.apply(epoch);
      return value.isPresent() ? OptionalDouble.of(100 * value.getAsDouble()) : value;
    };
  }

  private Optional<Line> line(String name, Function<Epoch, OptionalDouble> value) {
    List<Point> points = new ArrayList<>();
    for (Epoch epoch : history) {
      value.apply(epoch).ifPresent(y -> points.add(new Point(epoch.imageSteps(), y)));
    }
    return points.isEmpty() ? Optional.empty() : Optional.of(new Line(name, points));
  }

  private static void add(
      List<Chart> charts,
      String title,
      Optional<Double> top,
      Optional<Level> level,
      Chart.Values values,
      List<Optional<Line>> lines) {
    List<Line> drawn = lines.stream().flatMap(Optional::stream).toList();
    if (!drawn.isEmpty()) {
      String description =
          drawn.stream()
              .map(line -> sentence(title, line, values))
              .collect(Collectors.joining(" "));
      charts.add(new Chart(title, description, "image-steps", drawn, top, level, values));
    }
  }

  private static String sentence(String title, Line line, Chart.Values values) {
    Point first = line.points().get(0);
    return "%s: %s after %s image-steps, %s after %s."
        .formatted(
            (title + " " + line.name()).strip(),
            values.write(first.y()),
            Markup.count(Math.round(first.x())),
            values.write(line.last().y()),
            Markup.count(Math.round(line.last().x())));
  }

  String html(OptionalDouble mostFrequent) {
    StringBuilder out = new StringBuilder("<div class=\"charts\">\n");
    for (Chart chart : charts(mostFrequent)) {
      out.append("<figure><figcaption>")
          .append(Markup.text(chart.title()))
          .append("</figcaption>\n")
          .append(chart.svg())
          .append("</figure>\n");
    }
    return out.append("</div>\n").append(table()).toString();
  }

  private String table() {
    StringBuilder out =
        new StringBuilder(
            """
            <details><summary>Table of the values</summary>
            <div class="wide"><table>
            <thead><tr><th scope="col" class="number">image-steps</th>
            <th scope="col" class="number">loss</th>
            <th scope="col" class="number">learning rate</th>
            <th scope="col" class="number">top-1</th>
            <th scope="col" class="number">top-5</th>
            <th scope="col" class="number">images/s</th>
            <th scope="col" class="number">waiting</th></tr></thead>
            <tbody>
            """);
    for (Epoch epoch : history) {
      out.append("<tr>");
      cell(Markup.count(epoch.imageSteps()), out);
      cell(Markup.significant(epoch.loss()), out);
      cell(epoch.learningRate(), Markup::significant, out);
      cell(epoch.top1(), Markup::percent, out);
      cell(epoch.top5(), Markup::percent, out);
      cell(epoch.imagesPerSecond(), rate -> Markup.fixed(rate, 1), out);
      cell(epoch.waiting(), Markup::percent, out);
      out.append("</tr>\n");
    }
    return out.append("</tbody></table></div></details>\n").toString();
  }

  private static void cell(OptionalDouble value, Chart.Values values, StringBuilder out) {
    cell(value.isPresent() ? values.write(value.getAsDouble()) : "–", out);
  }

  private static void cell(String value, StringBuilder out) {
    out.append("<td class=\"number\">").append(value).append("</td>");
  }
}
