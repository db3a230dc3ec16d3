package io.tagstream.model.report;

import io.tagstream.model.report.PictureCards.Shown;
import io.tagstream.model.report.Scores.Interval;
import io.tagstream.model.report.TrainingReport.LeftOut;
import io.tagstream.model.report.TrainingReport.Run;
import io.tagstream.model.report.TrainingReport.Unreadable;
import io.tagstream.pages.Markup;
import io.tagstream.pages.Page;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Renders {@code report.html}, the page of one training. It contains its pictures, loads nothing
 * and runs no script. It is well-formed XML, so that a program can read it.
 */
public final class ReportPage {
  /** The most rows of a list of files or classes that were left out. */
  private static final int MOST_LEFT_OUT = 20;

  private final TrainingReport report;
  private final Scores scores;

  private ReportPage(TrainingReport report) {
    this.report = report;
    this.scores = Scores.of(report.heldOut(), report.labels().size());
  }

  /**
   * Renders the page; encode it as UTF-8. Images are read from their sources; the page reports
   * those that cannot be read.
   */
  public static String html(TrainingReport report) {
    return new ReportPage(report).html();
  }

  private String html() {
    StringBuilder out = new StringBuilder(summary());
    report
        .verdict()
        .ifPresent(
            verdict ->
                out.append(
                    Page.section(
                        "Gate: " + verdict.outcome().word(), VerdictTables.html(verdict))));
    out.append(curves());
    if (!report.heldOut().isEmpty()) {
      out.append(Page.section("Confusion", new ConfusionTable(scores, report.labels()).html()));
    }
    try (Thumbnails thumbnails = new Thumbnails(report.preprocessing())) {
      PictureCards cards = new PictureCards(thumbnails, report.labels());
      out.append(errors(cards)).append(suspects(cards));
    }
    out.append(kernels()).append(run()).append(leftOut(report.run().leftOut()));
    return Page.html("Training report " + report.version(), ReportStyle.CSS, out.toString());
  }

  private String summary() {
    Run run = report.run();
    StringBuilder figures = new StringBuilder();
    if (!report.heldOut().isEmpty()) {
      figure("top-1", scores.right(), figures);
      if (report.labels().size() > Scores.TRIVIAL_TOP_FIVE) {
        figure("top-5", scores.inTopFive(), figures);
      }
    }
    report.verdict().ifPresent(verdict -> figure("gate", verdict.outcome().word(), "", figures));
    figure("time", Markup.time(run.time()), "", figures);
    imagesPerSecond()
        .ifPresent(
            rate -> figure("images/s", Markup.fixed(rate, 1), "mean while training", figures));
    return """
        <header>
        <h1>Training report</h1>
        <p class="version">%s</p>
        <p>Recipe <b>%s</b>, %s. %s in %s%s.</p>
        <dl class="figures">
        %s</dl>
        </header>
        """
        .formatted(
            Markup.text(report.version()),
            Markup.name(run.recipe()),
            report
                .parent()
                .map(parent -> "parent <span class=\"id\">" + Markup.name(parent) + "</span>")
                .orElse("no parent"),
            Markup.count(run.trainingImages(), "training image", "training images"),
            Markup.count(report.labels().size(), "class", "classes"),
            report.history().isEmpty()
                ? ""
                : ", " + Markup.count(lastStep(), "image-step", "image-steps"),
            figures);
  }

  private void figure(String name, int right, StringBuilder out) {
    int images = scores.images();
    Interval interval = Scores.interval(right, images);
    figure(
        name,
        Markup.percent((double) right / images),
        "%s–%s (95 %% interval, n = %s)"
            .formatted(
                Markup.fixed(100 * interval.low(), 1),
                Markup.fixed(100 * interval.high(), 1),
                Markup.count(images)),
        out);
  }

  private static void figure(String name, String value, String range, StringBuilder out) {
    out.append(
        """
        <div><dt>%s</dt><dd class="figure">%s</dd><dd class="range">%s</dd></div>
        """
            .formatted(name, value, range));
  }

  private long lastStep() {
    return report.history().get(report.history().size() - 1).imageSteps();
  }

  /** The mean rate over the epochs whose time is known. */
  private OptionalDouble imagesPerSecond() {
    double seconds = 0;
    long images = 0;
    long before = 0;
    for (Epoch epoch : report.history()) {
      double rate = epoch.imagesPerSecond().orElse(0);
      if (rate > 0) {
        seconds += (epoch.imageSteps() - before) / rate;
        images += epoch.imageSteps() - before;
      }
      before = epoch.imageSteps();
    }
    return images > 0 ? OptionalDouble.of(images / seconds) : OptionalDouble.empty();
  }

  private String curves() {
    return report.history().isEmpty()
        ? ""
        : Page.section(
            "Training",
            new Curves(report.history(), report.labels().size())
                .html(
                    report.heldOut().isEmpty()
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(scores.mostFrequent())));
  }

  private String errors(PictureCards cards) {
    if (report.heldOut().isEmpty()) {
      return Page.section("Worst errors", "<p>No image was held out.</p>\n");
    }
    List<Shown> errors = PictureCards.errors(report);
    return Page.section(
        "Worst errors",
        "<p>%s on %s%s. Below each image: the prediction, then the label, each with its probability.</p>\n"
                .formatted(
                    Markup.count(errors.size(), "error", "errors"),
                    Markup.count(scores.images(), "held-out image", "held-out images"),
                    shown(errors))
            + cards.html(errors));
  }

  private String suspects(PictureCards cards) {
    List<Shown> suspects = PictureCards.suspects(report);
    return Page.section(
        "Labels to check",
        """
        <p>%s: the label's class has <i>p</i> &lt; 0.05 while another has <i>p</i> &gt; 0.9. Most \
        likely the label is wrong%s.%s</p>
        """
                .formatted(
                    Markup.count(suspects.size(), "image", "images"),
                    shown(suspects),
                    report.training().isEmpty() ? " Images trained on were not measured." : "")
            + cards.html(suspects));
  }

  private static String shown(List<Shown> all) {
    return all.size() > PictureCards.MOST
        ? "; the %s with the least probable labels are shown".formatted(PictureCards.MOST)
        : "";
  }

  private String kernels() {
    int side = report.weights().network().convolutions().get(0).kernel();
    return Page.section(
        "The kernels of the first layer",
        "<p>Each square is one kernel of %s × %s pixels, as a picture.</p>\n".formatted(side, side)
            + KernelPicture.html(
                KernelPicture.of(report.weights(), report.preprocessing().channelOrder())));
  }

  private String run() {
    Run run = report.run();
    StringBuilder out = new StringBuilder("<table class=\"facts\"><tbody>\n");
    fact("Data", run.data(), out);
    fact("Recipe", run.recipe(), out);
    run.hyperParameters().forEach((name, value) -> fact(name, value, out));
    fact(
        "Pictures",
        "shorter side to %s pixels, crops of %s × %s, %s"
            .formatted(
                report.preprocessing().resize(),
                report.preprocessing().crop(),
                report.preprocessing().crop(),
                report.preprocessing().channelOrder()),
        out);
    fact("Started", run.started().toString(), out);
    fact("Time", Markup.time(run.time()), out);
    fact("Machine", run.machine(), out);
    return Page.section("How it was made", out.append("</tbody></table>\n").toString());
  }

  private static void fact(String name, String value, StringBuilder out) {
    out.append(
        "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n"
            .formatted(Markup.name(name), Markup.name(value)));
  }

  private static String leftOut(LeftOut leftOut) {
    StringBuilder out = new StringBuilder();
    if (leftOut.nearDuplicates() > 0) {
      out.append(
          "<p>%s nearly identical to a training image and not measured.</p>\n"
              .formatted(
                  Markup.count(
                      leftOut.nearDuplicates(), "held-out image is", "held-out images are")));
    }
    Map<String, Integer> waiting = leftOut.waitingClasses();
    if (!waiting.isEmpty()) {
      out.append(
          "<h3>%s for more images</h3>\n"
              .formatted(Markup.count(waiting.size(), "class waits", "classes wait")));
      out.append(
          "<table><thead><tr><th scope=\"col\">class</th><th scope=\"col\" class=\"number\">images so far</th></tr></thead><tbody>\n");
      waiting.entrySet().stream()
          .limit(MOST_LEFT_OUT)
          .forEach(
              entry ->
                  out.append(
                      "<tr><td class=\"text\">%s</td><td class=\"number\">%s</td></tr>\n"
                          .formatted(Markup.name(entry.getKey()), Markup.count(entry.getValue()))));
      out.append("</tbody></table>\n").append(more(waiting.size()));
    }
    List<Unreadable> unreadable = leftOut.unreadable();
    if (!unreadable.isEmpty()) {
      out.append(
          "<h3>%s not be read</h3>\n"
              .formatted(Markup.count(unreadable.size(), "file could", "files could")));
      out.append(
          "<table><thead><tr><th scope=\"col\">file</th><th scope=\"col\">reason</th></tr></thead><tbody>\n");
      unreadable.stream()
          .limit(MOST_LEFT_OUT)
          .forEach(
              file ->
                  out.append(
                      "<tr><td class=\"text id\">%s</td><td class=\"text\">%s</td></tr>\n"
                          .formatted(Markup.name(file.id()), Markup.name(file.reason()))));
      out.append("</tbody></table>\n").append(more(unreadable.size()));
    }
    return Page.section("Left out", out.isEmpty() ? "<p>Nothing.</p>\n" : out.toString());
  }

  private static String more(int all) {
    return all > MOST_LEFT_OUT
        ? "<p class=\"note\">and %s more</p>\n".formatted(Markup.count(all - MOST_LEFT_OUT))
        : "";
  }
}
