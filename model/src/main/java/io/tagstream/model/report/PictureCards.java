package io.tagstream.model.report;

import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.pages.Markup;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Cards of images with the model's predictions, lowest probability of the true class first. */
final class PictureCards {
  /** The most pictures of a section. */
  static final int MOST = 24;

  private final Thumbnails thumbnails;
  private final List<String> labels;

  PictureCards(Thumbnails thumbnails, List<String> labels) {
    this.thumbnails = thumbnails;
    this.labels = labels;
  }

  /** A prediction, and whether its image was held out. */
  record Shown(LabelledPrediction prediction, boolean heldOut) {}

  /** The held-out images that were predicted wrongly. */
  static List<Shown> errors(TrainingReport report) {
    return report.heldOut().stream()
        .filter(prediction -> !prediction.right())
        .map(prediction -> new Shown(prediction, true))
        .sorted(worstFirst())
        .toList();
  }

  /** All images whose label is suspect. */
  static List<Shown> suspects(TrainingReport report) {
    return Stream.concat(
            report.heldOut().stream().map(prediction -> new Shown(prediction, true)),
            report.training().stream().map(prediction -> new Shown(prediction, false)))
        .filter(shown -> shown.prediction().labelIsSuspect())
        .sorted(worstFirst())
        .toList();
  }

  private static Comparator<Shown> worstFirst() {
    return Comparator.comparingDouble((Shown shown) -> shown.prediction().own())
        .thenComparing(shown -> shown.prediction().id());
  }

  String html(List<Shown> all) {
    StringBuilder out = new StringBuilder("<ul class=\"cards\">\n");
    for (Shown shown : all.subList(0, Math.min(all.size(), MOST))) {
      append(shown, out);
    }
    return out.append("</ul>\n").toString();
  }

  private void append(Shown shown, StringBuilder out) {
    LabelledPrediction prediction = shown.prediction();
    String predicted = labels.get(prediction.first().classIndex());
    String own = labels.get(prediction.trueClass());
    out.append(
        """
        <li><figure>%s<figcaption>\
        <span class="guess predicted"><span>%s</span><span>%s</span></span>\
        <span class="guess"><span>%s</span><span>%s</span></span>\
        <span class="id">%s</span>%s</figcaption></figure></li>
        """
            .formatted(
                picture(prediction, predicted, own),
                Markup.name(predicted),
                Markup.fixed(prediction.first().probability(), 3),
                Markup.name(own),
                Markup.significant(prediction.own()),
                Markup.name(prediction.id()),
                shown.heldOut() ? "" : "<span class=\"note\">trained on</span>"));
  }

  /** The picture, or why it cannot be shown: an unreadable image must not prevent the report. */
  private String picture(LabelledPrediction prediction, String predicted, String own) {
    try {
      return "<img width=\"%s\" height=\"%s\" alt=\"%s, labelled %s, predicted as %s\" src=\"%s\"/>"
          .formatted(
              Thumbnails.SIDE,
              Thumbnails.SIDE,
              Markup.text(prediction.id()),
              Markup.text(own),
              Markup.text(predicted),
              thumbnails.of(prediction.image()));
    } catch (IOException | UnreadableImageException e) {
      return "<div class=\"unreadable\">cannot be shown: %s</div>"
          .formatted(Markup.text(String.valueOf(e.getMessage())));
    }
  }
}
