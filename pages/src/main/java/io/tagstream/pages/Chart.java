package io.tagstream.pages;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * A small line chart, as SVG. The vertical axis begins at 0; the last point of each line is
 * labelled with its value.
 *
 * @param title the quantity, with its unit
 * @param description the chart in a sentence, for screen readers
 * @param across the quantity of the horizontal axis, from 0
 * @param top the end of the vertical axis, if the unit determines it
 * @param level a horizontal line for comparison
 */
public record Chart(
    String title,
    String description,
    String across,
    List<Line> lines,
    Optional<Double> top,
    Optional<Level> level,
    Values values) {

  private static final int WIDTH = 340;
  private static final int HEIGHT = 200;
  private static final int LEFT = 46;
  private static final int RIGHT = 72;
  private static final int ABOVE = 10;
  private static final int BELOW = 36;

  /** The most steps of an axis; fewer on the horizontal axis, whose numbers are wide. */
  private static final int STEPS_ACROSS = 4;

  private static final int STEPS_UP = 5;

  /** The least distance between the baselines of two labels, in pixels. */
  private static final int LABEL_HEIGHT = 14;

  /** A line with more points than this is drawn without dots. */
  private static final int DOTS = 40;

  /** A point of a line. */
  public record Point(double x, double y) {}

  /**
   * A line.
   *
   * @param name written next to its last value; empty if the chart has one line
   */
  public record Line(String name, List<Point> points) {
    public Line {
      points = List.copyOf(points);
      if (points.isEmpty()) {
        throw new IllegalArgumentException(name + " has no points");
      }
    }

    /** The last point, whose value is written next to the line. */
    public Point last() {
      return points.get(points.size() - 1);
    }
  }

  /** A horizontal line for comparison, with its label. */
  public record Level(String name, double y) {}

  /** Formats a value. */
  public interface Values {
    String write(double value);
  }

  /**
   * Draws the chart. It has CSS classes instead of colours: {@code axis}, {@code grid} and {@code
   * level} are lines, {@code tick} and {@code value} texts, {@code line} paths; {@code s0}, {@code
   * s1} … mark the parts of a line.
   */
  public String svg() {
    double right = lines.stream().mapToDouble(line -> line.last().x()).max().orElseThrow();
    double yStep = step(top.orElseGet(this::highest), STEPS_UP);
    double ceiling = top.orElseGet(() -> Math.ceil(highest() / yStep - 1e-9) * yStep);
    double xStep = Math.max(1, step(right, STEPS_ACROSS));
    StringBuilder out = new StringBuilder();
    out.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" role="img" aria-label="%s">
        """
            .formatted(WIDTH, HEIGHT, Markup.text(description)));
    for (int i = 0; i * yStep <= ceiling * (1 + 1e-9); i++) {
      double y = y(i * yStep, ceiling);
      out.append(
          """
          <line class="%s" x1="%s" x2="%s" y1="%s" y2="%s"/>
          <text class="tick" x="%s" y="%s" text-anchor="end">%s</text>
          """
              .formatted(
                  i == 0 ? "axis" : "grid",
                  LEFT,
                  WIDTH - RIGHT,
                  pixels(y),
                  pixels(y),
                  LEFT - 6,
                  pixels(y + 4),
                  Markup.significant(i * yStep)));
    }
    for (int i = 0; i * xStep <= right * (1 + 1e-9); i++) {
      double x = x(i * xStep, right);
      out.append(
          """
          <line class="axis" x1="%s" x2="%s" y1="%s" y2="%s"/>
          <text class="tick" x="%s" y="%s" text-anchor="middle">%s</text>
          """
              .formatted(
                  pixels(x),
                  pixels(x),
                  HEIGHT - BELOW,
                  HEIGHT - BELOW + 4,
                  pixels(x),
                  HEIGHT - BELOW + 16,
                  Markup.count(Math.round(i * xStep))));
    }
    out.append(
        "<text class=\"tick\" x=\"%s\" y=\"%s\" text-anchor=\"middle\">%s</text>\n"
            .formatted(pixels((LEFT + WIDTH - RIGHT) / 2.0), HEIGHT - 4, Markup.text(across)));
    level.ifPresent(
        line -> {
          double y = y(line.y(), ceiling);
          // Put the label at the end where the lines are not: they begin either above or below the
          // level.
          boolean atStart = lines.stream().allMatch(each -> each.points().get(0).y() > line.y());
          out.append(
              """
              <line class="level" x1="%s" x2="%s" y1="%s" y2="%s"/>
              <text class="tick" x="%s" y="%s" text-anchor="%s">%s %s</text>
              """
                  .formatted(
                      LEFT,
                      WIDTH - RIGHT,
                      pixels(y),
                      pixels(y),
                      atStart ? LEFT + 4 : WIDTH - RIGHT,
                      pixels(y - 4),
                      atStart ? "start" : "end",
                      Markup.text(line.name()),
                      values.write(line.y())));
        });
    double[] labels = labels(ceiling);
    for (int i = 0; i < lines.size(); i++) {
      append(lines.get(i), i, right, ceiling, labels[i], out);
    }
    return out.append("</svg>\n").toString();
  }

  private void append(
      Line line, int index, double right, double ceiling, double label, StringBuilder out) {
    StringBuilder path = new StringBuilder();
    for (Point point : line.points()) {
      path.append(path.isEmpty() ? 'M' : 'L')
          .append(pixels(x(point.x(), right)))
          .append(' ')
          .append(pixels(y(point.y(), ceiling)));
    }
    out.append("<path class=\"line s%s\" d=\"%s\"/>\n".formatted(index, path));
    List<Point> dots = line.points().size() > DOTS ? List.of(line.last()) : line.points();
    for (Point point : dots) {
      out.append(
          "<circle class=\"s%s\" cx=\"%s\" cy=\"%s\" r=\"%s\"/>\n"
              .formatted(
                  index,
                  pixels(x(point.x(), right)),
                  pixels(y(point.y(), ceiling)),
                  point.equals(line.last()) ? "2.6" : "1.6"));
    }
    out.append(
        "<text class=\"value s%s\" x=\"%s\" y=\"%s\">%s</text>\n"
            .formatted(
                index,
                WIDTH - RIGHT + 8,
                pixels(label),
                Markup.text((line.name() + " " + values.write(line.last().y())).strip())));
  }

  /** The baselines of the last values' labels, moved apart if lines end close together. */
  private double[] labels(double ceiling) {
    List<Integer> fromTop = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      fromTop.add(i);
    }
    fromTop.sort(Comparator.comparingDouble(i -> -lines.get(i).last().y()));
    double[] baselines = new double[lines.size()];
    double next = 0;
    for (int i : fromTop) {
      baselines[i] = Math.max(next, y(lines.get(i).last().y(), ceiling) + 4);
      next = baselines[i] + LABEL_HEIGHT;
    }
    return baselines;
  }

  private double highest() {
    double highest =
        DoubleStream.concat(
                lines.stream().flatMap(line -> line.points().stream()).mapToDouble(Point::y),
                level.stream().mapToDouble(Level::y))
            .max()
            .orElse(0);
    return highest > 0 ? highest : 1;
  }

  /**
   * The step of an axis: the smallest of 1, 2 or 5 times a power of ten that needs at most {@code
   * most} steps.
   */
  private static double step(double span, int most) {
    double power = Math.pow(10, Math.floor(Math.log10(span / most)));
    return DoubleStream.of(1, 2, 5, 10)
        .map(factor -> factor * power)
        .filter(step -> span / step <= most + 1e-9)
        .findFirst()
        .orElse(10 * power);
  }

  private static double x(double value, double right) {
    return LEFT + (WIDTH - LEFT - RIGHT) * value / right;
  }

  private static double y(double value, double ceiling) {
    return HEIGHT - BELOW - (HEIGHT - ABOVE - BELOW) * value / ceiling;
  }

  private static String pixels(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
