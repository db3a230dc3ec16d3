package io.tagstream.job.decode;

import static io.tagstream.job.decode.DecodeOperator.REJECTED;
import static io.tagstream.job.decode.DecodeOperator.TRAINING;

import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.GivenLabel;
import io.tagstream.job.flow.LabelledRecord;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.metrics.JobMetrics;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.job.suspects.NotedRecord;
import io.tagstream.job.suspects.Notes;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.settings.ImageSettings;
import java.time.Instant;
import java.util.Optional;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes the image of a label. Emits its crops, which the live model predicts once more to measure
 * its accuracy, and a {@link TrainingRow} on a side output. A label whose record is not the image
 * it names leaves on the side output {@link DecodeOperator#REJECTED}.
 */
public final class DecodeLabelledOperator extends ProcessFunction<LabelledRecord, DecodedImage> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(DecodeLabelledOperator.class);

  private final CropGeometry geometry;
  private final int views;
  private final ImageSettings limits;
  private final NotePlace place;

  private transient Optional<ImageReader> reader;
  private transient JobMetrics.Labels metrics;

  /**
   * @param views 1, 2 or 10 crops per image
   * @param place where the images being decoded are noted
   */
  public DecodeLabelledOperator(
      CropGeometry geometry, int views, ImageSettings limits, NotePlace place) {
    this.geometry = geometry;
    this.views = views;
    this.limits = limits;
    this.place = place;
  }

  @Override
  public void open(OpenContext context) {
    metrics = new JobMetrics.Labels(getRuntimeContext().getMetricGroup());
    reader =
        Optional.of(
            new ImageReader(geometry, views, limits, Notes.open(place, getRuntimeContext())));
  }

  @Override
  public void processElement(
      LabelledRecord labelled, Context context, Collector<DecodedImage> collector) {
    GivenLabel label = labelled.label();
    try {
      Image image = reader.orElseThrow().read(labelled.record().value);
      if (!image.getId().equals(label.imageId)) {
        throw new UnusableImageException(
            RejectionStage.LABEL,
            Optional.of(image.getId()),
            "it holds the image '%s'".formatted(image.getId()));
      }
      byte[] pixels = reader.orElseThrow().crops(image, NotedRecord.of(labelled.record()));
      context.output(
          TRAINING,
          TrainingRow.labelled(
              label.imageId,
              label.truth.label(),
              ImageReader.group(image),
              label.truth.at(),
              label.truth.origin(),
              label.source,
              ImageReader.content(image)));
      metrics.joined();
      collector.collect(
          new DecodedImage(
              labelled.record().source,
              label.imageId,
              Optional.of(label.truth),
              true,
              image.getCapturedAt(),
              labelled.record().timestamp,
              Instant.now(),
              labelled.record().value.length,
              pixels));
    } catch (UnusableImageException e) {
      RejectedImage rejected =
          RejectedImage.of(
              label,
              "the record at %s cannot be used as its image: %s"
                  .formatted(labelled.record().source, e.getMessage()));
      metrics.rejected();
      LOG.debug("Rejected {}: {}", rejected.source, rejected.reason);
      context.output(REJECTED, rejected);
    }
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.ifPresent(ImageReader::close);
      reader = Optional.empty();
    }
  }
}
