package io.tagstream.job.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.flow.RetrainRequest;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.WireFormat;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RetrainRequestsTest {
  private static final Instant ASKED = Instant.parse("2012-12-03T10:00:00Z");
  private static final Instant APPENDED = ASKED.plusSeconds(7200);

  private final RetrainRequests requests = new RetrainRequests();

  @BeforeEach
  void open() {
    requests.open(null);
  }

  private List<RetrainRequest> read(TimestampType type, long timestamp) {
    return read(type, timestamp, "r1", request().build());
  }

  private static ModelUpdate.Builder request() {
    return ModelUpdate.newBuilder()
        .setStatus(ModelStatus.REQUESTED.word())
        .setBy("ann")
        .setAt(ASKED);
  }

  private List<RetrainRequest> read(
      TimestampType type, long timestamp, String key, ModelUpdate update) {
    byte[] value = WireFormat.of(ModelUpdate.class).encode(update);
    List<RetrainRequest> read = new ArrayList<>();
    requests.deserialize(
        new ConsumerRecord<>(
            "model-updates",
            0,
            7,
            timestamp,
            type,
            2,
            value.length,
            key.getBytes(UTF_8),
            value,
            new RecordHeaders(),
            Optional.empty()),
        new ListCollector<>(read));
    return read;
  }

  /** Its texts are stored in the state and in the run's manifest. */
  @Test
  void aRequestWhoseTextCannotBeStoredIsIgnored() {
    for (String bad : List.of("x".repeat(257), "two\nlines", "\u009b2J")) {
      assertThat(read(bad, request().build())).isEmpty();
      assertThat(read("r1", request().setBy(bad).build())).isEmpty();
      assertThat(read("r1", request().setReason(bad).build())).isEmpty();
    }
    assertThat(read("r1", request().setReason("x".repeat(256)).build())).hasSize(1);
  }

  private List<RetrainRequest> read(String key, ModelUpdate update) {
    return read(TimestampType.LOG_APPEND_TIME, APPENDED.toEpochMilli(), key, update);
  }

  @Test
  void theAgeOfARequestIsThatOfItsRecordNotOfTheRequestersClock() {
    assertThat(read(TimestampType.LOG_APPEND_TIME, APPENDED.toEpochMilli()))
        .containsExactly(new RetrainRequest("r1", "ann", null, APPENDED));
    assertThat(read(TimestampType.NO_TIMESTAMP_TYPE, ConsumerRecord.NO_TIMESTAMP))
        .containsExactly(new RetrainRequest("r1", "ann", null, ASKED));
  }
}
