package io.tagstream.schemas;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/** One record of each kind, every field filled. */
final class Records {
  static final Instant TIME = Instant.parse("2026-11-24T10:20:30.456Z");
  static final Source SOURCE = new Source("images", 2, 77L);

  private Records() {}

  static Image image() {
    return Image.newBuilder()
        .setId("roses/ä 1.jpg")
        .setContent(ByteBuffer.wrap(new byte[] {1, 2, 3}))
        .setContentType("image/jpeg")
        .setCapturedAt(TIME)
        .setLabel("roses")
        .setAttributes(Map.of("group", "g1"))
        .build();
  }

  static Label label() {
    return Label.newBuilder()
        .setImageId("a")
        .setLabel("roses")
        .setAnnotator("ann")
        .setLabeledAt(TIME)
        .setOrigin(LabelOrigin.CORRECTION.word())
        .setUnknown(false)
        .setSource(SOURCE)
        .build();
  }

  static Prediction prediction() {
    return Prediction.newBuilder()
        .setImageId("a \"b\"")
        .setModelVersion("v1")
        .setTags(List.of(new Tag("roses", 2, 0.75f), new Tag("tulips", 4, 0.125f)))
        .setViews(2)
        .setSource(SOURCE)
        .setCapturedAt(TIME)
        .setAppendedAt(TIME.plusMillis(1))
        .setDecodedAt(TIME.plusMillis(2))
        .setPredictedAt(TIME.plusMillis(3))
        .setLabel("tulips")
        .setSupersedes("v0")
        .setSignature(ByteBuffer.wrap(new byte[] {4, 5}))
        .setFeatureSpace("space-1")
        .setUnknown(false)
        .setUnknownScore(0.25f)
        .setPrecision("float32")
        .build();
  }

  static Rejection rejection() {
    return Rejection.newBuilder()
        .setImageId("a")
        .setStage(RejectionStage.DECODE.word())
        .setReason("no picture")
        .setSource(SOURCE)
        .setContent(ByteBuffer.wrap(new byte[] {(byte) 0xff, 0, 1, 2}))
        .setRejectedAt(TIME)
        .setContentBytes(4L)
        .setContentSha256(ByteBuffer.wrap(new byte[32]))
        .build();
  }

  static ModelUpdate modelUpdate() {
    return ModelUpdate.newBuilder()
        .setStatus(ModelStatus.ROLLED_BACK.word())
        .setVersion("v1")
        .setBy("ann")
        .setReason("worse")
        .setAt(TIME)
        .setVerdict(
            GateVerdict.newBuilder()
                .setDecision("rejected")
                .setHeldOut(100)
                .setTop1(0.5)
                .setTop5(1)
                .setIncumbent("v0")
                .setIncumbentTop1(0.75)
                .setIncumbentTop5(1.0)
                .setB(30)
                .setC(5)
                .setP(1e-5)
                .setConfusion(List.of(new Confusion("roses", "tulips", 40)))
                .build())
        .build();
  }

  static TrainingImage trainingImage() {
    return TrainingImage.newBuilder()
        .setImageId("roses/ä 1.jpg")
        .setLabel("roses")
        .setGroup("g1")
        .setAt(TIME)
        .setOrigin(LabelOrigin.PRODUCER.word())
        .setSource(new Source("labels", 1, 7L))
        .setSha256(ByteBuffer.wrap(new byte[32]))
        .setContent(ByteBuffer.wrap(new byte[] {1, 2, 3}))
        .build();
  }

  static List<SpecificRecord> all() {
    return List.of(image(), label(), prediction(), rejection(), modelUpdate(), trainingImage());
  }
}
