package io.tagstream.job.inference;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.UnansweredImage;
import io.tagstream.job.label.RecordLog;
import io.tagstream.job.label.Silence;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.settings.LabelSettings;
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
    places.add(place);
    Silence silence = new Silence(patience);
    while (true) {
      List<RecordLog.Answer> answers = reader.read(places, Silence.ONE_READ);
      if (!answers.isEmpty()) {
        return answers.get(0);
      }
      silence.lasts(reader, places);
    }
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.close();
    }
  }
}
