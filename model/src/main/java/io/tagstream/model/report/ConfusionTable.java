package io.tagstream.model.report;

import io.tagstream.model.report.Scores.Pair;
import io.tagstream.pages.Markup;
import java.util.List;
import java.util.Locale;

/** The confusion matrix: complete for few classes, the most frequent confusions for many. */
final class ConfusionTable {
  /** The most classes with which a complete table is readable. */
  static final int MOST_CLASSES = 30;

  static final int MOST_PAIRS = 30;

  /** The shade of a full share; text on it must stay readable. */
  private static final double DARKEST = 0.55;

  private final Scores scores;
  private final List<String> labels;

  ConfusionTable(Scores scores, List<String> labels) {
    this.scores = scores;
    this.labels = labels;
  }

  String html() {
    return labels.size() <= MOST_CLASSES ? matrix() : pairs();
  }

  private String matrix() {
    StringBuilder out =
        new StringBuilder(
            """
            <div class="wide"><table class="confusion">
            <caption>Rows are labels, columns are predictions, numbers are images. The shade is the share \
            of the row.</caption>
            <thead><tr><td></td>
            """);
    for (String label : labels) {
      out.append("<th scope=\"col\"><div>").append(Markup.name(label)).append("</div></th>\n");
    }
    out.append(
        """
        <th scope="col" class="sum">images</th><th scope="col">right</th></tr></thead>
        <tbody>
        """);
    for (int row = 0; row < labels.size(); row++) {
      out.append("<tr><th scope=\"row\">").append(Markup.name(labels.get(row))).append("</th>");
      int images = scores.ofClass(row);
      for (int column = 0; column < labels.size(); column++) {
        int count = scores.confusion().get(row).get(column);
        if (count == 0) {
          out.append("<td class=\"none\">0</td>");
        } else {
          out.append(
              String.format(
                  Locale.ROOT,
                  "<td class=\"%s\" style=\"--share:%.2f\">%s</td>",
                  row == column ? "right" : "wrong",
                  DARKEST * count / images,
                  Markup.count(count)));
        }
      }
      out.append("<td class=\"sum\">").append(Markup.count(images)).append("</td><td>");
      out.append(
          images == 0 ? "–" : Markup.percent(share(scores.confusion().get(row).get(row), images)));
      out.append("</td></tr>\n");
    }
    return out.append("</tbody></table></div>\n").toString();
  }

  private String pairs() {
    List<Pair> pairs = scores.confused();
    if (pairs.isEmpty()) {
      return "<p>No class was confused with another.</p>\n";
    }
    StringBuilder out =
        new StringBuilder(
            """
            <div class="wide"><table>
            <caption>%s. The most frequent confusions among %s classes.</caption>
            <thead><tr><th scope="col">label</th><th scope="col">prediction</th>
            <th scope="col" class="number">images</th>
            <th scope="col" class="number">share of the label</th></tr></thead>
            <tbody>
            """
                .formatted(
                    Markup.count(pairs.size(), "confused pair", "confused pairs"),
                    Markup.count(labels.size())));
    for (Pair pair : pairs.subList(0, Math.min(pairs.size(), MOST_PAIRS))) {
      out.append(
          """
          <tr><td class="text">%s</td><td class="text">%s</td><td class="number">%s</td>\
          <td class="number">%s</td></tr>
          """
              .formatted(
                  Markup.name(labels.get(pair.trueClass())),
                  Markup.name(labels.get(pair.predicted())),
                  Markup.count(pair.images()),
                  Markup.percent(share(pair.images(), scores.ofClass(pair.trueClass())))));
    }
    return out.append("</tbody></table></div>\n").toString();
  }

  private static double share(int part, int of) {
    return (double) part / of;
  }
}
