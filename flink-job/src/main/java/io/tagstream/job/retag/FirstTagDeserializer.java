package io.tagstream.job.retag;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.schemas.MalformedRecordException;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.WireFormat;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the first tags of the images in some ranges from {@code predictions}. */
final class FirstTagDeserializer implements KafkaRecordDeserializationSchema<FirstTag> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(FirstTagDeserializer.class);

  private final OffsetRanges ranges;
  private transient WireFormat<Prediction> format;

  FirstTagDeserializer(OffsetRanges ranges) {
    this.ranges = ranges;
  }

  @Override
  public void open(DeserializationSchema.InitializationContext context) {
    format = WireFormat.of(Prediction.class);
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<FirstTag> collector) {
    Coordinates place = new Coordinates(record.topic(), record.partition(), record.offset());
    if (record.value() == null) {
      LOG.warn("Skipped {}, which is no prediction: it has no value", place);
      return;
    }
    Prediction prediction;
    try {
      prediction = format.decode(record.value());
    } catch (MalformedRecordException e) {
      LOG.warn("Skipped {}, which is no prediction: {}", place, e.getMessage());
      return;
    }
    Coordinates image = Coordinates.of(prediction.getSource());
    if (ranges.contains(image) && !prediction.getTags().isEmpty()) {
      collector.collect(
          new FirstTag(
              image, prediction.getModelVersion(), prediction.getTags().get(0).getLabel()));
    }
  }

  @Override
  public TypeInformation<FirstTag> getProducedType() {
    return TypeInformation.of(FirstTag.class);
  }
}
