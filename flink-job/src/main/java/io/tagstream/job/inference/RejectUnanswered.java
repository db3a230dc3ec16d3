package io.tagstream.job.inference;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.UnansweredImage;
import io.tagstream.job.label.ReadTimeout;
import io.tagstream.job.label.RecordLog;
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
 * Rejects images on which the engine fails. A rejection holds the whole record, which does not
 * travel with the decoded image, so the record is read again from Kafka. This is rare, and blocks
 * until the broker answers.
 */
public final class RejectUnanswered extends ProcessFunction<UnansweredImage, RejectedImage> {
  private static final long serialVersionUID = 1L;

  private final RecordLog images;
  private final Duration patience;

  /** Opened for the first image. */
  private transient RecordLog.Reader reader;

  public RejectUnanswered(RecordLog images, LabelSettings settings) {
    this.images = images;
    this.patience = settings.fetchTimeout();
  }

  @Override
  public void processElement(
      UnansweredImage image, Context context, Collector<RejectedImage> collector) {
    RecordLog.ReadResult result = read(image.source());
    if (result instanceof RecordLog.Found found) {
      collector.collect(
          new RejectedImage(
              image.source(),
              Optional.of(image.imageId()),
              RejectionStage.INFERENCE,
              image.reason(),
              found.record().value,
              image.at()));
    } else if (result instanceof RecordLog.Missing missing) {
      collector.collect(
          RejectedImage.withoutContent(
              image.source(),
              Optional.of(image.imageId()),
              RejectionStage.INFERENCE,
              "%s; its record cannot be read again, because it %s"
                  .formatted(image.reason(), missing.reason()),
              image.recordBytes(),
              image.at()));
    }
  }

  private RecordLog.ReadResult read(Coordinates place) {
    if (reader == null) {
      reader = images.open("unanswered");
    }
    SortedSet<Coordinates> places = new TreeSet<>(RecordLog.ORDER);
    places.add(place);
    ReadTimeout timeout = new ReadTimeout(patience);
    while (true) {
      List<RecordLog.ReadResult> results = reader.read(places, ReadTimeout.PER_READ);
      if (!results.isEmpty()) {
        return results.get(0);
      }
      timeout.noResult(reader, places);
    }
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.close();
    }
  }
}
