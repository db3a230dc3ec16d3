package io.tagstream.job.inference;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.UnansweredImage;
import io.tagstream.job.label.RecordLog;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.LabelSettings;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Makes rejections of images on which the engine fails. What stands in a rejection is the record as
 * it was, which nobody carried along: it is read again. That is rare, and waits for the broker.
 */
public final class RejectUnanswered extends ProcessFunction<UnansweredImage, RejectedImage> {
  private static final long serialVersionUID = 1L;

  private final RecordLog images;
  private final Duration patience;

  /** Made with the first image. */
  private transient RecordLog.Reader reader;

  public RejectUnanswered(RecordLog images, LabelSettings settings) {
    this.images = images;
    this.patience = settings.fetchTimeout();
  }

  @Override
  public void processElement(
      UnansweredImage image, Context context, Collector<RejectedImage> collector) {
    RecordLog.Answer answer = read(image.source());
    if (answer instanceof RecordLog.Found found) {
      collector.collect(
          new RejectedImage(
              image.source(),
              Optional.of(image.imageId()),
              RejectionStage.INFERENCE,
              image.reason(),
              found.record().value,
              image.at()));
    } else if (answer instanceof RecordLog.Missing missing) {
      collector.collect(
          RejectedImage.withoutContent(
              image.source(),
              Optional.of(image.imageId()),
              RejectionStage.INFERENCE,
              "%s; its record cannot be read again, it %s"
                  .formatted(image.reason(), missing.reason()),
              image.recordBytes(),
              image.at()));
    }
  }

  private RecordLog.Answer read(Coordinates place) {
    if (reader == null) {
      reader = images.open("unanswered");
    }
    SortedSet<Coordinates> places = new TreeSet<>(RecordLog.ORDER);
    long deadline = System.nanoTime() + patience.toNanos();
    while (System.nanoTime() - deadline < 0) {
      // It may take out what it answered.
      places.add(place);
      List<RecordLog.Answer> answers = reader.read(places, patience);
      if (!answers.isEmpty()) {
        return answers.get(0);
      }
    }
    throw new UserException(
        "the broker gave no answer for %s (labels.fetch-timeout): the record at %s is to be read again for its rejection"
            .formatted(DurationText.format(patience), place));
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.close();
    }
  }
}
