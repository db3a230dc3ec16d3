package io.tagstream.job.source;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.RetrainRequest;
import io.tagstream.schemas.MalformedRecordException;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.RecordText;
import io.tagstream.schemas.WireFormat;
import java.time.Instant;
import java.util.Optional;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.record.TimestampType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deserializes the requests on {@code model-updates} and ignores all other records. */
final class RetrainRequests implements KafkaRecordDeserializationSchema<RetrainRequest> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(RetrainRequests.class);
  private transient WireFormat<ModelUpdate> format;

  @Override
  public void open(DeserializationSchema.InitializationContext context) {
    format = WireFormat.of(ModelUpdate.class);
  }

  @Override
  public void deserialize(
      ConsumerRecord<byte[], byte[]> record, Collector<RetrainRequest> collector) {
    Coordinates place = new Coordinates(record.topic(), record.partition(), record.offset());
    ModelUpdate update;
    try {
      update = format.decode(Optional.ofNullable(record.value()).orElseGet(() -> new byte[0]));
    } catch (MalformedRecordException e) {
      LOG.warn("Ignored {}: {}", place, e.getMessage());
      return;
    }
    if (update.getStatus().equals(ModelStatus.REQUESTED.word())) {
      String id =
          Optional.ofNullable(record.key())
              .map(key -> new String(key, UTF_8))
              .orElseGet(place::toString);
      try {
        RecordText.require("the key", id);
        RecordText.require("by", update.getBy());
        update.getReason().ifPresent(reason -> RecordText.require("the reason", reason));
      } catch (IllegalArgumentException e) {
        LOG.warn("Ignored a request for a run at {}: {}", place, e.getMessage());
        return;
      }
      Instant at =
          record.timestampType() == TimestampType.NO_TIMESTAMP_TYPE
              ? update.getAt()
              : Instant.ofEpochMilli(record.timestamp());
      collector.collect(
          new RetrainRequest(id, update.getBy(), update.getReason().orElse(null), at));
    }
  }

  @Override
  public TypeInformation<RetrainRequest> getProducedType() {
    return TypeInformation.of(RetrainRequest.class);
  }
}
