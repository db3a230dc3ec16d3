package io.tagstream.model.report;

import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.pages.Markup;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Images with what the model says to them, smallest probability of their own class first. */
final class PictureCards {
  /** Pictures a section shows at most. */
  static final int MOST = 24;

  private final Thumbnails thumbnails;
  private final List<String> labels;

  PictureCards(Thumbnails thumbnails, List<String> labels) {
    this.thumbnails = thumbnails;
    this.labels = labels;
  }

  /** An answer, and whether the image was held out. */
  record Shown(Answer answer, boolean heldOut) {}

  /** The held-out images that were answered wrong. */
  static List<Shown> errors(TrainingReport report) {
    return report.heldOut().stream()
        .filter(answer -> !answer.right())
        .map(answer -> new Shown(answer, true))
        .sorted(worstFirst())
        .toList();
  }

  /** All images whose label is suspect. */
  static List<Shown> suspects(TrainingReport report) {
    return Stream.concat(
            report.heldOut().stream().map(answer -> new Shown(answer, true)),
            report.training().stream().map(answer -> new Shown(answer, false)))
        .filter(shown -> shown.answer().labelIsSuspect())
        .sorted(worstFirst())
        .toList();
  }

  private static Comparator<Shown> worstFirst() {
    return Comparator.comparingDouble((Shown shown) -> shown.answer().own())
        .thenComparing(shown -> shown.answer().id());
  }

  String html(List<Shown> all) {
    StringBuilder out = new StringBuilder("<ul class=\"cards\">\n");
    for (Shown shown : all.subList(0, Math.min(all.size(), MOST))) {
      append(shown, out);
    }
    return out.append("</ul>\n").toString();
  }

  private void append(Shown shown, StringBuilder out) {
    Answer answer = shown.answer();
    String said = labels.get(answer.first().classIndex());
    String own = labels.get(answer.trueClass());
    out.append(
        """
        <li><figure>%s<figcaption>\
        <span class="guess said"><span>%s</span><span>%s</span></span>\
        <span class="guess"><span>%s</span><span>%s</span></span>\
        <span class="id">%s</span>%s</figcaption></figure></li>
        """
            .formatted(
                picture(answer, said, own),
                Markup.name(said),
                Markup.fixed(answer.first().probability(), 3),
                Markup.name(own),
                Markup.significant(answer.own()),
                Markup.name(answer.id()),
                shown.heldOut() ? "" : "<span class=\"note\">trained on</span>"));
  }

  /** One that is gone or broken by now is said to be so: it is no reason to have no report. */
  private String picture(Answer answer, String said, String own) {
    try {
      return "<img width=\"%s\" height=\"%s\" alt=\"%s, labelled %s, taken for %s\" src=\"%s\"/>"
          .formatted(
              Thumbnails.SIDE,
              Thumbnails.SIDE,
              Markup.text(answer.id()),
              Markup.text(own),
              Markup.text(said),
              thumbnails.of(answer.picture()));
    } catch (IOException | UnreadableImageException e) {
      return "<div class=\"unreadable\">cannot be shown: %s</div>"
          .formatted(Markup.text(String.valueOf(e.getMessage())));
    }
  }
}
