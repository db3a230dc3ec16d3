package io.tagstream.model.report;

import io.tagstream.model.report.AblationReport.Cost;
import io.tagstream.model.report.AblationReport.Curve;
import io.tagstream.model.report.AblationReport.Difference;
import io.tagstream.pages.Chart;
import io.tagstream.pages.Markup;
import io.tagstream.pages.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Renders the page of an ablation. */
public final class AblationPage {
  private static final double MARK_PERCENT = 25;

  /** The width of a difference's drawing, in pixels. */
  private static final int WIDTH = 220;

  private static final int HEIGHT = 22;
  private static final int MIDDLE = WIDTH / 2;

  private static final String CSS =
      """
      .interval { width: %spx; max-width: none; height: %spx; }
      .curves { max-width: 560px; margin: 1rem 0 0; }
      .curves figcaption { color: var(--ink); font-weight: 600; }
      .curves svg { max-width: none; }
      .interval .bar { fill: var(--first); opacity: .55; }
      .interval .whisker { stroke: var(--ink); stroke-width: 1.5; }
      """
          .formatted(WIDTH, HEIGHT);

  /**
   * A row whose interval reaches this many times as far as all others is cut off, because it would
   * make the others too small to see.
   */
  private static final double FAR = 3;

  private final AblationReport report;

  /** The percentage points at either end of the drawings. */
  private final double reach;

  private AblationPage(AblationReport report) {
    this.report = report;
    double[] ends =
        report.differences().stream()
            .mapToDouble(found -> 100 * Math.max(Math.abs(found.low()), Math.abs(found.high())))
            .filter(points -> points > 0)
            .sorted()
            .toArray();
    double farthest = ends.length == 0 ? 1 : ends[ends.length - 1];
    double second = ends.length < 2 ? farthest : ends[ends.length - 2];
    reach = farthest > FAR * second ? second : farthest;
  }

  /** Renders the page; encode it as UTF-8. */
  public static String html(AblationReport report) {
    return new AblationPage(report).html();
  }

  private String html() {
    StringBuilder out =
        new StringBuilder(
            """
            <header>
            <h1>What AlexNet’s ideas bring</h1>
            <p>Networks that each differ in one idea of the paper, trained on the same images in \
            the same order and measured on the same held-out images. The paper: Krizhevsky, Sutskever and \
            Hinton, <i>ImageNet Classification with Deep Convolutional Neural Networks</i>, NIPS \
            2012; its figures are for 1.2 million images in a thousand classes.</p>
            </header>
            """);
    out.append(figure1()).append(differences());
    if (!report.kernels().isEmpty()) {
      out.append(
          Page.section(
              "The kernels of the first layer, by tower",
              "<p>The paper’s figure 3, for the network with all ideas and the first seed. The "
                  + "paper’s towers specialise, one in shapes and one in colours; whether these do, "
                  + "judge by eye.</p>\n"
                  + KernelPicture.html(report.kernels())));
    }
    out.append(costs()).append(reasons());
    return Page.html("What AlexNet’s ideas bring", CSS, out.toString());
  }

  private String figure1() {
    List<Chart.Line> lines = new ArrayList<>();
    for (Curve curve : report.curves()) {
      List<Chart.Point> points = new ArrayList<>();
      for (int i = 0; i < curve.errors().size(); i++) {
        points.add(new Chart.Point(i + 1, 100 * curve.errors().get(i)));
      }
      lines.add(new Chart.Line(curve.name(), points));
    }
    Chart chart =
        new Chart(
            "Training error, %",
            report.figure(),
            "epochs",
            lines,
            Optional.of(100.0),
            Optional.of(new Chart.Level("figure 1’s threshold", MARK_PERCENT)),
            value -> Markup.fixed(value, 1));
    return Page.section(
        "ReLU against tanh: the paper’s figure 1",
        """
        <p>%s</p>
        <figure class="curves"><figcaption>Training error, %%</figcaption>
        %s</figure>
        """
            .formatted(Markup.text(report.figure()), chart.svg()));
  }

  private String differences() {
    StringBuilder rows = new StringBuilder();
    for (Difference found : report.differences()) {
      rows.append(
          """
          <tr><th scope="row" class="text">%s</th><td class="number">%s</td>
          <td class="number">%s</td><td class="number">%s</td><td class="number">%s to %s</td>
          <td>%s</td><td>%s</td><td class="text">%s</td></tr>
          """
              .formatted(
                  Markup.text(found.idea()),
                  Markup.percent(found.with()),
                  Markup.percent(found.without()),
                  points(found.value()),
                  points(found.low()),
                  points(found.high()),
                  drawing(found),
                  found.isShown() ? "<b>" + found.verdict() + "</b>" : found.verdict(),
                  Markup.text(found.paper())));
    }
    return Page.section(
        "What each idea brings",
        """
        <div class="wide"><table>
        <caption>Top-1 with the idea and without it, and the difference in percentage points with \
        its 95 %% interval, paired by image and seed. An interval that contains 0 shows \
        nothing.</caption>
        <thead><tr><th scope="col">idea</th><th scope="col" class="number">with</th>
        <th scope="col" class="number">without</th><th scope="col" class="number">difference</th>
        <th scope="col" class="number">95 %% interval</th><th scope="col">−%s … %s points</th>
        <th scope="col">here</th><th scope="col">the paper, on ImageNet</th></tr></thead>
        <tbody>
        %s</tbody></table></div>
        """
            .formatted(Markup.fixed(reach, 1), Markup.fixed(reach, 1), rows));
  }

  private static String points(double share) {
    return String.format(Locale.ROOT, "%+.1f", 100 * share);
  }

  /** Draws a bar from 0 to the difference, with the interval as a line over it. */
  private String drawing(Difference found) {
    double value = x(found.value());
    return """
        <svg class="interval" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" role="img" \
        aria-label="%s, from %s to %s">
        <rect class="bar" x="%s" y="5" width="%s" height="12"/>
        <line class="axis" x1="%s" x2="%s" y1="0" y2="%s"/>
        <line class="whisker" x1="%s" x2="%s" y1="11" y2="11"/></svg>"""
        .formatted(
            WIDTH,
            HEIGHT,
            points(found.value()),
            points(found.low()),
            points(found.high()),
            pixels(Math.min(MIDDLE, value)),
            pixels(Math.abs(value - MIDDLE)),
            MIDDLE,
            MIDDLE,
            HEIGHT,
            pixels(x(found.low())),
            pixels(x(found.high())));
  }

  private double x(double share) {
    double of = Math.max(-1, Math.min(1, 100 * share / reach));
    return MIDDLE + (MIDDLE - 2) * of;
  }

  private static String pixels(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private String costs() {
    StringBuilder rows = new StringBuilder();
    for (Cost cost : report.costs()) {
      rows.append(
          """
          <tr><th scope="row">%s</th><td class="text">%s</td><td class="number">%s</td>
          <td class="number">%s</td><td class="number">%s</td></tr>
          """
              .formatted(
                  Markup.text(cost.name()),
                  Markup.text(cost.words()),
                  Markup.count(cost.parameters()),
                  Markup.count(cost.multiplyAdds()),
                  Markup.fixed(cost.secondsPerThousand(), 2)));
    }
    return Page.section(
        "What each network costs",
        """
        <div class="wide"><table>
        <caption>Multiply-adds are per image in the forward pass; seconds are of training, per \
        thousand images.</caption>
        <thead><tr><th scope="col">network</th><th scope="col">difference</th>
        <th scope="col" class="number">parameters</th>
        <th scope="col" class="number">multiply-adds</th>
        <th scope="col" class="number">seconds</th></tr></thead>
        <tbody>
        %s</tbody></table></div>
        """
            .formatted(rows));
  }

  private String reasons() {
    String facts =
        report.facts().entrySet().stream()
            .map(
                fact ->
                    "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n"
                        .formatted(Markup.text(fact.getKey()), Markup.text(fact.getValue())))
            .collect(Collectors.joining());
    return Page.section(
        "How to read these results",
        """
        <p>Figure 1’s networks have the paper’s input scaling (0 to 255, minus the mean), its initial weights \
        and its optimizer with a momentum of 0.9 (section 5). There is no regularisation, the learning rate is constant, \
        and if several rates were tried, each network has its fastest one. Such pixels \
        saturate tanh in conv1, and its activations, at most 1, shrink from layer to layer. \
        With He initialisation, which is from 2015, tanh was as fast on a thousand flowers \
        (docs/alexnet.md): figure 1 depends on the initial weights. The other networks are trained with Adam from He initialisation; \
        dropout, crops, mirror images and colour shifts are the paper’s.</p>
        <p>The same seed gives two networks the same initial weights, where their layers have the \
        same shapes, and the same images in the same order. An interval accounts for the fact that other \
        images and other seeds would have given another difference. What a few hundred images \
        cannot distinguish is reported as “not shown”: it does not mean that the idea has no effect.</p>
        <p>The paper credits ReLU with faster training, not with less overfitting. Windows of 2 every 2 \
        pixels give maps of the same sizes as the paper’s 3 every 2 (27, 13 and 6). The paper compares \
        its two GPUs with one that has half the kernels; “one group” here has all kernels and twice \
        the connections.</p>
        <table class="facts"><tbody>
        %s</tbody></table>
        """
            .formatted(facts));
  }
}
