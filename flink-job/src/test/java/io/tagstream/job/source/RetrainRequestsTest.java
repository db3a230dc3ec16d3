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
    ModelUpdate update =
        ModelUpdate.newBuilder()
            .setStatus(ModelStatus.REQUESTED.word())
            .setBy("ann")
            .setAt(ASKED)
            .build();
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
            "r1".getBytes(UTF_8),
            value,
            new RecordHeaders(),
            Optional.empty()),
        new ListCollector<>(read));
    return read;
  }

  @Test
  void aRequestIsAsOldAsItsRecordWhateverTheClockOfTheOneWhoAsked() {
    assertThat(read(TimestampType.LOG_APPEND_TIME, APPENDED.toEpochMilli()))
        .containsExactly(new RetrainRequest("r1", "ann", null, APPENDED));
    assertThat(read(TimestampType.NO_TIMESTAMP_TYPE, ConsumerRecord.NO_TIMESTAMP))
        .containsExactly(new RetrainRequest("r1", "ann", null, ASKED));
  }
}
