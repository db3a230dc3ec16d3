package io.tagstream.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Source;
import io.tagstream.schemas.Tag;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class PredictionTextTest {
  private static final Source SOURCE = new Source("images", 3, 14L);

  private static Prediction prediction(String id, Tag... tags) {
    return Prediction.newBuilder()
        .setImageId(id)
        .setModelVersion("v1")
        .setTags(List.of(tags))
        .setViews(2)
        .setSource(SOURCE)
        .setAppendedAt(Instant.EPOCH)
        .setDecodedAt(Instant.EPOCH)
        .setPredictedAt(Instant.EPOCH)
        .build();
  }

  private static Rejection.Builder rejection() {
    return Rejection.newBuilder()
        .setStage("avro")
        .setReason("cut\u001b[2J short")
        .setSource(SOURCE)
        .setContent(ByteBuffer.allocate(0))
        .setRejectedAt(Instant.EPOCH);
  }

  @Test
  void aLineHoldsEveryTag() {
    assertThat(
            PredictionText.line(
                prediction("a.jpg", new Tag("roses", 1, 0.931f), new Tag("tulips", 2, 0.05f))))
        .isEqualTo("a.jpg  roses 93.1 %, tulips 5.0 %  v1");
  }

  @Test
  void aRejectionShowsItsCoordinates() {
    assertThat(PredictionText.line(rejection().setImageId("a.jpg").build()))
        .isEqualTo("a.jpg  avro  cut\\u001b[2J short  images[3]@14");
    assertThat(PredictionText.line(rejection().build())).startsWith("(no id)  avro");
  }

  @Test
  void aRowHasABarAndFitsTheTerminal() {
    Prediction prediction =
        prediction(
            "roses/" + "x".repeat(80) + ".jpg",
            new Tag("roses", 1, 0.75f),
            new Tag("tulips with a very long name indeed", 2, 0.125f));
    for (int columns : new int[] {80, 100, 200}) {
      assertThat(PredictionText.row(prediction, columns))
          .hasSizeLessThan(columns)
          .startsWith("…x")
          .contains("x.jpg  roses ")
          .contains("█".repeat(15) + "░".repeat(5) + "  75.0 %");
    }
    assertThat(PredictionText.row(prediction, 200)).endsWith("12.5 %");
    assertThat(PredictionText.heading(80)).hasSizeLessThan(80);
  }

  @Test
  void aModelWithOneClassHasARow() {
    assertThat(PredictionText.row(prediction("a", new Tag("x", 0, 1f)), 80))
        .contains("█".repeat(20) + " 100.0 %");
  }

  @Test
  void aPredictionWithoutTagsHasARow() {
    assertThat(PredictionText.row(prediction("a"), 80)).startsWith("a ").endsWith("no tags");
  }

  /** An id could hold an escape sequence that clears the screen. */
  @Test
  void controlCharactersAreEscaped() {
    Prediction prediction = prediction("a\u001b[2J\r\u009b2Jb", new Tag("x\ny\u202egpj", 0, 1f));
    assertThat(PredictionText.row(prediction, 80) + PredictionText.line(prediction))
        .doesNotContain("\u001b", "\r", "\n", "\u009b", "\u202e");
  }
}
