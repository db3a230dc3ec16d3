package io.tagstream.job.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.ModelNews;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.Tag;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.inference.FakeModels;
import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.RecordLimit;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.schemas.Sha256;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.UserException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.junit.jupiter.api.Test;

/** Written records fit their topics, whatever the limit. */
class RecordSizesTest {
  private static final Coordinates PLACE = new Coordinates("images", 3, 17);

  private static RejectedImage rejected(String id, String reason, byte[] content) {
    return new RejectedImage(
        PLACE, Optional.of(id), RejectionStage.LIMIT, reason, content, Instant.EPOCH);
  }

  private static byte[] noise(int bytes) {
    byte[] noise = new byte[bytes];
    new Random(bytes).nextBytes(noise);
    return noise;
  }

  private static <T> byte[] written(SerializationSchema<T> records, T element) throws Exception {
    records.open(null);
    return records.serialize(element);
  }

  private static Rejection rejection(long limit, RejectedImage image) throws Exception {
    return WireFormat.of(Rejection.class)
        .decode(written(new RejectionRecords(new FixedLimit("rejected-images", limit)), image));
  }

  @Test
  void aRejectionHasItsWholeContentWhereThatFits() throws Exception {
    byte[] content = noise(50_000);
    Rejection whole = rejection(60_000, rejected("rose", "too large", content));
    assertThat(whole.getContent()).isEqualTo(ByteBuffer.wrap(content));
    assertThat(whole.getContentBytes()).isEmpty();
    assertThat(whole.getContentSha256()).isEmpty();
  }

  @Test
  void aRejectionThatDoesNotFitOmitsItsContentAndNeverTruncatesIt() throws Exception {
    byte[] content = noise(50_000);
    for (long limit : new long[] {10_000, 49_999, 50_000, 50_100}) {
      Rejection bare = rejection(limit, rejected("rose", "too large", content));
      assertThat(bare.getContent().remaining()).isZero();
      assertThat(bare.getContentBytes()).contains(50_000L);
      assertThat(bare.getContentSha256()).contains(ByteBuffer.wrap(Sha256.of(content)));
      assertThat(bare.getSource().getOffset()).isEqualTo(17);
      assertThat(bare.getImageId()).contains("rose");
      assertThat(bare.getReason()).isEqualTo("too large");
    }
  }

  @Test
  void aDeletedRecordIsRejectedWithItsSizeAlone() throws Exception {
    Rejection bare =
        rejection(
            10_000,
            RejectedImage.withoutContent(
                PLACE, Optional.of("rose"), RejectionStage.INFERENCE, "x", 77, Instant.EPOCH));
    assertThat(bare.getContent().remaining()).isZero();
    assertThat(bare.getContentBytes()).contains(77L);
    assertThat(bare.getContentSha256()).isEmpty();
  }

  @Test
  void contentIsOmittedFromTheFirstByteBeyondTheLimit() throws Exception {
    int omitted = 0;
    for (int bytes = 9_000; bytes < 10_500; bytes++) {
      RejectedImage image = rejected("rose", "too large", new byte[bytes]);
      byte[] value = written(new RejectionRecords(new FixedLimit("r", 10_000)), image);
      assertThat(RecordLimit.allows(10_000, "rose".length(), value.length)).isTrue();
      if (WireFormat.of(Rejection.class).decode(value).getContentBytes().isPresent()) {
        omitted++;
      } else {
        assertThat(omitted).isZero();
      }
    }
    assertThat(omitted).isBetween(500, 1000);
  }

  @Test
  void theLeastRoomHoldsAnyRejection() throws Exception {
    FixedLimit least = new FixedLimit("rejected-images", 8 << 10);
    assertThatCode(() -> RejectionRecords.requireRoom(least)).doesNotThrowAnyException();
    RejectedImage longest = rejected("\u20ac".repeat(341), "\u20ac".repeat(5000), noise(100_000));
    longest.source = new Coordinates("t".repeat(249), Integer.MAX_VALUE, Long.MAX_VALUE);
    byte[] value = written(new RejectionRecords(least), longest);
    assertThat(WireFormat.of(Rejection.class).decode(value).getReason()).hasSize(1000);
    assertThatThrownBy(() -> RejectionRecords.requireRoom(new FixedLimit("rejected-images", 8000)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("rejected-images accepts records of at most 8000 bytes")
        .hasMessageContaining("max.message.bytes");
  }

  private static TaggedImage tagged(String label) {
    return new TaggedImage(
        PLACE,
        "rose",
        null,
        "v1",
        List.of(new Tag(label, 0, 1)),
        1,
        null,
        Instant.EPOCH,
        Instant.EPOCH,
        Instant.EPOCH);
  }

  @Test
  void aPredictionThatDoesNotFitIsNamedByItsRecord() throws Exception {
    PredictionRecords records = new PredictionRecords(new FixedLimit("predictions", 1000));
    records.open(null);
    assertThat(WireFormat.of(Prediction.class).decode(records.serialize(tagged("short"))))
        .satisfies(prediction -> assertThat(prediction.getTags()).hasSize(1));
    assertThatThrownBy(() -> records.serialize(tagged("long ".repeat(300))))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .isInstanceOf(UserException.class)
        .hasMessageContaining("the prediction for images-3@17 has ")
        .hasMessageContaining("the topic predictions accepts");
  }

  @Test
  void aModelWhosePredictionsWouldNotFitIsRefusedBeforeItServes() {
    FakeModels models = new FakeModels();
    long needed = FittingModels.largestPrediction("v1", FakeModels.LABELS) + 1024 + 200;
    FittingModels fitting =
        new FittingModels(models, new FixedLimit("predictions", needed * 101 / 100));
    fitting.load("v1", Throttle.none()).close();
    assertThat(models.state().openModels).hasValue(0);
    FittingModels tight = new FittingModels(models, new FixedLimit("predictions", needed / 2));
    assertThatThrownBy(() -> tight.load("v1", Throttle.none()))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model v1 cannot serve")
        .hasMessageContaining("the topic predictions");
    assertThat(models.state().openModels).hasValue(0);
  }

  @Test
  void longLabelsCount() {
    long few = FittingModels.largestPrediction("v1", List.of("a", "b"));
    List<String> many = IntStream.range(0, 100).mapToObj(n -> "x".repeat(1000 + n)).toList();
    assertThat(FittingModels.largestPrediction("v1", many)).isBetween(few + 5000, few + 6000);
  }

  @Test
  void anAnnouncementOmitsTheSmallestCellsOfAConfusionMatrixThatDoesNotFit() throws Exception {
    List<ModelNews.Confusion> cells =
        IntStream.range(0, 1000)
            .mapToObj(n -> new ModelNews.Confusion("label " + n, "x".repeat(1000), 1000 - n))
            .toList();
    ModelNews news =
        new ModelNews(
            ModelStatus.PROMOTED,
            "v2",
            "job",
            "r".repeat(5000),
            Instant.EPOCH,
            new ModelNews.Judgement("promoted", 10, 1, 1, null, null, null, 0, 0, 1, cells));
    WireFormat<ModelUpdate> format = WireFormat.of(ModelUpdate.class);
    ModelUpdate whole =
        format.decode(written(new ModelUpdateRecords(new FixedLimit("u", 2_000_000)), news));
    assertThat(whole.getVerdict().orElseThrow().getConfusion()).hasSize(1000);
    byte[] value = written(new ModelUpdateRecords(new FixedLimit("u", 100_000)), news);
    assertThat(value.length).isLessThan(100_000);
    ModelUpdate cut = format.decode(value);
    assertThat(cut.getVerdict().orElseThrow().getConfusion().size()).isBetween(50, 100);
    assertThat(cut.getVerdict().orElseThrow().getConfusion().get(0).getLabel())
        .isEqualTo("label 0");
    assertThat(cut.getReason().orElseThrow()).hasSize(1000);
  }
}
