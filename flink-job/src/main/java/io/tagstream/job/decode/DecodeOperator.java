package io.tagstream.job.decode;

import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.SeenImage;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.flow.TrueLabel;
import io.tagstream.job.metrics.JobMetrics;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.job.suspects.NotedRecord;
import io.tagstream.job.suspects.Notes;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.LabelOrigin;
import io.tagstream.schemas.LabelText;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.ImageSettings;
import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes a record into the crops of its image. A record that cannot be decoded leaves on {@link
 * #REJECTED} with its bytes and the reason, and the stream continues. For a decoded image, {@link
 * #SEEN} carries the coordinates of its record, so that a later label finds it, and {@link
 * #TRAINING} the bytes and the label of an image of {@code labeled-images}.
 */
public final class DecodeOperator extends ProcessFunction<IncomingRecord, DecodedImage> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(DecodeOperator.class);

  /** Records that get no prediction, and labels that cannot be used. */
  public static final OutputTag<RejectedImage> REJECTED = new OutputTag<>("rejected") {};

  /** Coordinates of decoded images, which later labels are joined with. */
  public static final OutputTag<SeenImage> SEEN = new OutputTag<>("seen") {};

  /** Labelled images for the training store, and withdrawals of them. */
  public static final OutputTag<TrainingRow> TRAINING = new OutputTag<>("training") {};

  private final Readers readers;
  private final NotePlace place;
  private final Set<String> seenTopics;
  private final Set<String> trainingTopics;

  private transient Optional<ImageReader> reader;
  private transient JobMetrics.Decoding metrics;

  /** Topics for which the warning about producers' clocks was logged. */
  private transient Set<String> warnedTopics;

  /** Opens the reader of a subtask. */
  @FunctionalInterface
  interface Readers extends Serializable {
    ImageReader open(Notes notes);
  }

  /**
   * An operator that emits nothing on {@link #SEEN} and {@link #TRAINING}.
   *
   * @param views 1, 2 or 10 crops per image
   */
  public DecodeOperator(CropGeometry geometry, int views, ImageSettings limits) {
    this(
        notes -> new ImageReader(geometry, views, limits, notes),
        NotePlace.nowhere(),
        Set.of(),
        Set.of());
  }

  /**
   * An operator that emits on {@link #SEEN} for each image of these topics, and on {@link
   * #TRAINING} for each labelled one.
   *
   * @param place where the images being decoded are noted
   */
  public DecodeOperator(
      CropGeometry geometry, int views, ImageSettings limits, Topics topics, NotePlace place) {
    this(notes -> new ImageReader(geometry, views, limits, notes), topics, place);
  }

  DecodeOperator(Readers readers, Topics topics, NotePlace place) {
    this(
        readers,
        place,
        Set.of(topics.images(), topics.labeledImages()),
        Set.of(topics.labeledImages()));
  }

  private DecodeOperator(
      Readers readers, NotePlace place, Set<String> seenTopics, Set<String> trainingTopics) {
    this.readers = readers;
    this.place = place;
    this.seenTopics = seenTopics;
    this.trainingTopics = trainingTopics;
  }

  @Override
  public void open(OpenContext context) {
    warnedTopics = new HashSet<>();
    metrics = new JobMetrics.Decoding(getRuntimeContext().getMetricGroup());
    reader = Optional.of(readers.open(Notes.open(place, getRuntimeContext())));
  }

  @Override
  public void processElement(
      IncomingRecord record, Context context, Collector<DecodedImage> collector) {
    warnOfProducersClock(record);
    try {
      Image image = reader.orElseThrow().read(record.value);
      Optional<TrueLabel> truth = truth(image, record);
      long start = System.nanoTime();
      byte[] pixels = reader.orElseThrow().crops(image, NotedRecord.of(record));
      metrics.decoded(Duration.ofNanos(System.nanoTime() - start));
      collector.collect(
          new DecodedImage(
              record.source,
              image.getId(),
              truth,
              false,
              image.getCapturedAt(),
              record.timestamp,
              Instant.now(),
              record.value.length,
              pixels));
      emitSideOutputs(image, truth, record, context);
    } catch (UnusableImageException e) {
      RejectedImage rejected =
          new RejectedImage(
              record.source, e.imageId(), e.stage(), e.getMessage(), record.value, Instant.now());
      metrics.rejected(rejected.stage);
      LOG.debug("Rejected {} ({}): {}", rejected.source, rejected.stage.word(), rejected.reason);
      context.output(REJECTED, rejected);
    }
  }

  private static Optional<TrueLabel> truth(Image image, IncomingRecord record)
      throws UnusableImageException {
    try {
      return image
          .getLabel()
          .map(LabelText::normalize)
          .map(label -> new TrueLabel(label, LabelOrigin.PRODUCER.word(), record.cameAt()));
    } catch (IllegalArgumentException e) {
      throw new UnusableImageException(
          RejectionStage.LABEL, Optional.of(image.getId()), e.getMessage());
    }
  }

  private void emitSideOutputs(
      Image image, Optional<TrueLabel> truth, IncomingRecord record, Context context) {
    String topic = record.source.topic();
    if (seenTopics.contains(topic)) {
      context.output(SEEN, new SeenImage(image.getId(), record.source, record.cameAt()));
    }
    if (trainingTopics.contains(topic)) {
      truth.ifPresent(
          known ->
              context.output(
                  TRAINING,
                  TrainingRow.labelled(
                      image.getId(),
                      known.label(),
                      ImageReader.group(image),
                      known.at(),
                      known.origin(),
                      record.source,
                      ImageReader.content(image))));
    }
  }

  private void warnOfProducersClock(IncomingRecord record) {
    if (!record.brokerTime && warnedTopics.add(record.source.topic())) {
      LOG.warn(
          "appendedAt of {} comes from the producers' clocks, because its message.timestamp.type is not LogAppendTime; tagstream topics sets it",
          record.source.topic());
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
