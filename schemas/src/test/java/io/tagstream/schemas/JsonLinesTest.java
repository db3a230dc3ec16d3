package io.tagstream.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonLinesTest {

  @Test
  void aPrediction() {
    assertThat(JsonLines.prediction(Records.prediction()))
        .isEqualTo(
            "{\"imageId\":\"a \\\"b\\\"\",\"modelVersion\":\"v1\",\"tags\":["
                + "{\"label\":\"roses\",\"classIndex\":2,\"probability\":0.75},"
                + "{\"label\":\"tulips\",\"classIndex\":4,\"probability\":0.125}],\"views\":2,"
                + "\"source\":{\"topic\":\"images\",\"partition\":2,\"offset\":77},"
                + "\"capturedAt\":\"2026-11-24T10:20:30.456Z\","
                + "\"appendedAt\":\"2026-11-24T10:20:30.457Z\","
                + "\"decodedAt\":\"2026-11-24T10:20:30.458Z\","
                + "\"predictedAt\":\"2026-11-24T10:20:30.459Z\","
                + "\"label\":\"tulips\",\"supersedes\":\"v0\","
                + "\"unknown\":false,\"unknownScore\":0.25,\"precision\":\"float32\"}");
  }

  @Test
  void whatAPredictionLacksIsNullAndLaterFieldsAreLeftOut() {
    Prediction prediction = Records.prediction();
    prediction.setCapturedAt(null);
    prediction.setLabel(null);
    prediction.setSupersedes(null);
    prediction.setUnknown(null);
    prediction.setUnknownScore(null);
    prediction.setPrecision(null);
    assertThat(JsonLines.prediction(prediction))
        .contains("\"capturedAt\":null,", "\"label\":null,\"supersedes\":null}");
  }

  @Test
  void aRejection() {
    assertThat(JsonLines.rejection(whole()))
        .isEqualTo(
            "{\"imageId\":\"a\",\"stage\":\"decode\",\"reason\":\"no picture\","
                + "\"source\":{\"topic\":\"images\",\"partition\":2,\"offset\":77},"
                + "\"content\":\"/wABAg==\",\"rejectedAt\":\"2026-11-24T10:20:30.456Z\"}");
  }

  private static Rejection whole() {
    Rejection rejection = Records.rejection();
    rejection.setContentBytes(null);
    rejection.setContentSha256(null);
    return rejection;
  }

  @Test
  void aRejectionWithoutItsContentSaysWhatIsMissing() {
    Rejection rejection = Records.rejection();
    rejection.setContent(ByteBuffer.allocate(0));
    rejection.setContentBytes(26_214_400L);
    assertThat(JsonLines.rejection(rejection))
        .contains(
            "\"content\":null,\"contentBytes\":26214400,\"contentSha256\":\""
                + "00".repeat(32)
                + "\",\"rejectedAt\"");
  }

  @Test
  void aLongContentStaysOnOneLine() {
    Rejection rejection = whole();
    rejection.setContent(ByteBuffer.wrap(new byte[10_000]));
    assertThat(JsonLines.rejection(rejection))
        .doesNotContain("\n", "\\n")
        .hasSizeGreaterThan(13_000);
  }

  @Test
  void aClassificationHasNoSource() {
    assertThat(
            JsonLines.classification(
                "x/y.jpg", "v1", List.of(new Tag("roses", 2, 0.5f)), 10, Records.TIME))
        .isEqualTo(
            "{\"imageId\":\"x/y.jpg\",\"modelVersion\":\"v1\",\"tags\":["
                + "{\"label\":\"roses\",\"classIndex\":2,\"probability\":0.5}],\"views\":10,"
                + "\"capturedAt\":null,\"appendedAt\":null,"
                + "\"predictedAt\":\"2026-11-24T10:20:30.456Z\"}");
  }

  @Test
  void aFailureSaysWhereAndWhy() {
    assertThat(JsonLines.failure("x.jpg", RejectionStage.LIMIT, "too many pixels"))
        .isEqualTo("{\"imageId\":\"x.jpg\",\"stage\":\"limit\",\"reason\":\"too many pixels\"}");
  }
}
