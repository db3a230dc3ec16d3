package io.tagstream.job.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.schemas.RejectionStage;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RejectedImageTest {

  private static String kept(String reason) {
    return new RejectedImage(
            new Coordinates("images", 0, 0),
            Optional.empty(),
            RejectionStage.AVRO,
            reason,
            new byte[0],
            Instant.EPOCH)
        .reason;
  }

  @Test
  void aReasonIsCutBetweenCharacters() {
    assertThat(kept("x".repeat(1000))).isEqualTo("x".repeat(1000));
    assertThat(kept("x".repeat(1001))).isEqualTo("x".repeat(1000));
    assertThat(kept("x".repeat(999) + "🌷")).isEqualTo("x".repeat(999));
  }

  /** Readers of the topic may print a reason unchanged. */
  @Test
  void escapesControlCharactersInAReason() {
    assertThat(kept("it is the image 'a\u009b2J\nb'"))
        .isEqualTo("it is the image 'a\\u009b2J\\u000ab'");
  }
}
