package io.tagstream.job.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.UnansweredImage;
import io.tagstream.job.label.FakeLog;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.settings.LabelSettings;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.time.Instant;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RejectUnansweredTest {
  private final FakeLog log = new FakeLog();
  private OneInputStreamOperatorTestHarness<UnansweredImage, RejectedImage> harness;

  @BeforeEach
  void open() throws Exception {
    log.state().values = offset -> new byte[] {(byte) offset};
    harness =
        new OneInputStreamOperatorTestHarness<>(
            new ProcessOperator<>(
                new RejectUnanswered(
                    log,
                    new LabelSettings(
                        Duration.ofHours(24), Duration.ofMinutes(10), Duration.ofNanos(1)))));
    harness.open();
  }

  @AfterEach
  void close() throws Exception {
    harness.close();
    assertThat(log.state().open).hasValue(0);
  }

  private void reject(long offset) throws Exception {
    harness.processElement(
        new StreamRecord<>(
            new UnansweredImage(
                new Coordinates("images", 0, offset), "rose", 100, "it failed", Instant.EPOCH)));
  }

  @Test
  void theRecordIsReadAgainForItsRejection() throws Exception {
    assertThat(log.state().open).as("the log is not opened before the first image").hasValue(0);
    reject(7);
    reject(8);
    assertThat(harness.extractOutputValues())
        .extracting(r -> r.content[0])
        .containsExactly((byte) 7, (byte) 8);
    RejectedImage first = harness.extractOutputValues().get(0);
    assertThat(first.stage).isEqualTo(RejectionStage.INFERENCE);
    assertThat(first.imageId).isEqualTo("rose");
    assertThat(first.reason).isEqualTo("it failed");
    assertThat(first.source).isEqualTo(new Coordinates("images", 0, 7));
    assertThat(log.state().open).hasValue(1);
  }

  @Test
  void aRecordThatIsGoneIsRejectedWithoutItsContent() throws Exception {
    log.state().missing.add(7L);
    reject(7);
    RejectedImage rejected = harness.extractOutputValues().get(0);
    assertThat(rejected.content).isNull();
    assertThat(rejected.contentBytes).isEqualTo(100);
    assertThat(rejected.reason)
        .isEqualTo("it failed; its record cannot be read again, because it is not there");
  }

  @Test
  void waitsForABrokerThatIsAwayHoweverLong() throws Exception {
    log.state().silent = true;
    log.state().away.set(50);
    reject(7);
    assertThat(harness.extractOutputValues()).hasSize(1);
  }

  @Test
  void aBrokerThatDoesNotAnswerFailsTheJob() {
    log.state().silent = true;
    assertThatThrownBy(() -> reject(7))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("images-0@7")
        .hasMessageContaining("labels.fetch-timeout");
  }
}
