package io.tagstream.job.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.job.inference.LiveModels;
import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.network.BestClasses;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.RecordLimit;
import io.tagstream.schemas.RecordText;
import io.tagstream.schemas.Source;
import io.tagstream.schemas.Tag;
import io.tagstream.schemas.WireFormat;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/**
 * Loads only models whose every prediction fits the topic: a model with labels so long that a
 * prediction would exceed the topic's limit is refused before it serves.
 *
 * @param models loads the models
 * @param limit of the predictions' topic
 */
public record FittingModels(LiveModels models, RecordLimit limit) implements LiveModels {
  private static final int LONGEST_TOPIC = 249;

  private static final Instant LATEST = Instant.ofEpochMilli(Long.MAX_VALUE);

  /** In bytes: a version is the name of a folder. */
  private static final int LONGEST_VERSION = 255;

  @Override
  public String liveVersion() {
    return models.liveVersion();
  }

  @Override
  public LoadedModel load(String version, Throttle throttle) {
    LoadedModel model = models.load(version, throttle);
    try {
      requireFit(model);
      return model;
    } catch (Throwable e) {
      model.close();
      throw e;
    }
  }

  private void requireFit(LoadedModel model) {
    long bytes = largestPrediction(model.bundle().version(), model.bundle().labels());
    long largestBatch = limit.largestBatch();
    if (!RecordLimit.allows(largestBatch, RecordText.LONGEST_ID, bytes)) {
      throw new ModelException(
          "model %s cannot serve: its labels are so long that a prediction takes up to %d bytes, more than the topic %s allows (%d: max.message.bytes of the topic, kafka.max.request.size of the job); shorten the labels or raise the limit"
              .formatted(
                  model.bundle().version(),
                  bytes + RecordText.LONGEST_ID,
                  limit.topic(),
                  largestBatch - RecordLimit.FRAME_BYTES));
    }
  }

  /** The size in bytes of a prediction's value with every field at its longest. */
  static long largestPrediction(String version, List<String> labels) {
    List<Tag> tags =
        labels.stream()
            .sorted(Comparator.comparingInt(FittingModels::bytes).reversed())
            .limit(BestClasses.MOST)
            .map(label -> new Tag(label, Integer.MAX_VALUE, 1f))
            .toList();
    return WireFormat.of(Prediction.class)
        .encode(
            Prediction.newBuilder()
                .setImageId("i".repeat(RecordText.LONGEST_ID))
                .setModelVersion(version)
                .setTags(tags)
                .setViews(Integer.MAX_VALUE)
                .setSource(new Source("t".repeat(LONGEST_TOPIC), Integer.MAX_VALUE, Long.MAX_VALUE))
                .setCapturedAt(LATEST)
                .setAppendedAt(LATEST)
                .setDecodedAt(LATEST)
                .setPredictedAt(LATEST)
                // A Java char takes three bytes of UTF-8 at most.
                .setLabel("\u20ac".repeat(RecordText.LONGEST))
                .setSupersedes("v".repeat(LONGEST_VERSION))
                .build())
        .length;
  }

  private static int bytes(String label) {
    return label.getBytes(UTF_8).length;
  }
}
