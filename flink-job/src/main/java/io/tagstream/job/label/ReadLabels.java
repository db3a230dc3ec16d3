package io.tagstream.job.label;

import io.tagstream.job.decode.DecodeOperator;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.GivenLabel;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.PlacedLabel;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.flow.TrueLabel;
import io.tagstream.job.metrics.JobMetrics;
import io.tagstream.schemas.Label;
import io.tagstream.schemas.LabelText;
import io.tagstream.schemas.MalformedRecordException;
import io.tagstream.schemas.RecordText;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.schemas.WireFormat;
import java.time.Instant;
import java.util.Optional;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes a record of {@code labels} and routes it: a label with the source of its image to the
 * main output, a label with only the image's id to {@link #UNPLACED}, a withdrawal to {@link
 * DecodeOperator#TRAINING}, an invalid record to {@link DecodeOperator#REJECTED}.
 */
public final class ReadLabels extends ProcessFunction<IncomingRecord, PlacedLabel> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(ReadLabels.class);

  /** Labels that name their image only by id. */
  public static final OutputTag<GivenLabel> UNPLACED = new OutputTag<>("unplaced") {};

  private transient WireFormat<Label> format;
  private transient JobMetrics.Labels metrics;
  private transient boolean warnedOfProducersClock;

  @Override
  public void open(OpenContext context) {
    format = WireFormat.of(Label.class);
    metrics = new JobMetrics.Labels(getRuntimeContext().getMetricGroup());
  }

  @Override
  public void processElement(
      IncomingRecord record, Context context, Collector<PlacedLabel> collector) {
    warnOfProducersClock(record);
    Label label;
    try {
      label = format.decode(record.value);
      RecordText.requireId(label.getImageId());
    } catch (MalformedRecordException | IllegalArgumentException e) {
      reject(record, Optional.empty(), RejectionStage.AVRO, e.getMessage(), context);
      return;
    }
    Optional<String> text;
    try {
      text = label.getLabel().map(LabelText::normalize);
      RecordText.require("the annotator", label.getAnnotator());
      RecordText.require("the origin", label.getOrigin());
      label
          .getSource()
          .ifPresent(source -> RecordText.require("the source's topic", source.getTopic()));
      requireClassOrUnknown(text, label.getUnknown());
    } catch (IllegalArgumentException e) {
      reject(
          record, Optional.of(label.getImageId()), RejectionStage.LABEL, e.getMessage(), context);
      return;
    }
    if (text.isEmpty()) {
      context.output(
          DecodeOperator.TRAINING,
          TrainingRow.withdrawn(
              label.getImageId(),
              label.getUnknown(),
              record.cameAt(),
              label.getOrigin(),
              record.source));
      return;
    }
    GivenLabel given =
        new GivenLabel(
            record.source,
            label.getImageId(),
            new TrueLabel(text.get(), label.getOrigin(), record.cameAt()),
            record.value);
    label
        .getSource()
        .ifPresentOrElse(
            place -> collector.collect(new PlacedLabel(given, Coordinates.of(place))),
            () -> context.output(UNPLACED, given));
  }

  private static void requireClassOrUnknown(Optional<String> text, boolean unknown) {
    if (unknown && text.isPresent()) {
      throw new IllegalArgumentException(
          "the label names the class '%s' and also sets unknown, which means that the image is of no class; send one of the two"
              .formatted(text.get()));
    }
  }

  private void reject(
      IncomingRecord record,
      Optional<String> imageId,
      RejectionStage stage,
      String reason,
      Context context) {
    metrics.rejected();
    LOG.debug("Rejected {} ({}): {}", record.source, stage.word(), reason);
    context.output(
        DecodeOperator.REJECTED,
        new RejectedImage(record.source, imageId, stage, reason, record.value, Instant.now()));
  }

  private void warnOfProducersClock(IncomingRecord record) {
    if (!record.brokerTime && !warnedOfProducersClock) {
      warnedOfProducersClock = true;
      LOG.warn(
          "The newest label of an image is chosen by the producers' clocks, because message.timestamp.type of {} is not LogAppendTime; tagstream topics sets it",
          record.source.topic());
    }
  }
}
