package io.tagstream.consumers;

import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Tag;
import io.tagstream.settings.Printable;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Formats predictions and rejections as lines of text, or as rows of a table on a terminal. */
public final class PredictionText {
  private static final int BAR = 20;
  private static final int PERCENT = 5;
  private static final int LEAST_NAME = 12;

  private PredictionText() {}

  /** {@code id tag 93.1 %, tag 4.0 %, … version}. */
  public static String line(Prediction prediction) {
    String tags =
        prediction.getTags().stream()
            .map(tag -> "%s %s".formatted(Printable.of(tag.getLabel()), percent(tag).strip()))
            .collect(Collectors.joining(", "));
    return "%s  %s  %s"
        .formatted(
            Printable.of(prediction.getImageId()),
            tags,
            Printable.of(prediction.getModelVersion()));
  }

  public static String line(Rejection rejection) {
    return "%s  %s  %s  %s[%d]@%d"
        .formatted(
            Printable.of(rejection.getImageId().orElse("(no id)")),
            Printable.of(rejection.getStage()),
            Printable.of(rejection.getReason()),
            Printable.of(rejection.getSource().getTopic()),
            rejection.getSource().getPartition(),
            rejection.getSource().getOffset());
  }

  public static String heading(int columns) {
    int name = nameWidth(columns);
    return "%s  %s  %s  also"
        .formatted(fit("image", name), fit("tag", name), fit("probability", BAR + PERCENT + 3));
  }

  /** The best tag with a bar, and the second best. */
  public static String row(Prediction prediction, int columns) {
    int name = nameWidth(columns);
    List<Tag> tags = prediction.getTags();
    if (tags.isEmpty()) {
      // The job writes no such prediction, but other programs may write to the topic.
      return "%s  no tags".formatted(fit(Printable.of(prediction.getImageId()), name));
    }
    Tag best = tags.get(0);
    int filled = Math.max(0, Math.min(BAR, Math.round(best.getProbability() * BAR)));
    String bar = "█".repeat(filled) + "░".repeat(BAR - filled);
    String row =
        "%s  %s  %s %s"
            .formatted(
                fit(Printable.of(prediction.getImageId()), name),
                fit(Printable.of(best.getLabel()), name),
                bar,
                percent(best));
    if (tags.size() < 2) {
      return row;
    }
    String second =
        "  %s %s".formatted(Printable.of(tags.get(1).getLabel()), percent(tags.get(1)).strip());
    int left = columns - row.length();
    return left > LEAST_NAME ? row + fit(second, left - 1).stripTrailing() : row;
  }

  /** A third of the width that the bar leaves, for the image, the tag and the second tag. */
  private static int nameWidth(int columns) {
    return Math.max(LEAST_NAME, (columns - BAR - PERCENT - 7) / 3);
  }

  private static String percent(Tag tag) {
    return String.format(Locale.ROOT, "%5.1f %%", tag.getProbability() * 100);
  }

  /** Pads the text, or cuts its beginning, because ids differ at the end. */
  private static String fit(String text, int width) {
    int length = text.codePointCount(0, text.length());
    if (length <= width) {
      return text + " ".repeat(width - length);
    }
    return "…" + text.substring(text.offsetByCodePoints(0, length - width + 1));
  }
}
