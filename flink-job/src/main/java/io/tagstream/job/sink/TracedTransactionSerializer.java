package io.tagstream.job.sink;

import io.tagstream.job.flow.Coordinates;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Serializes transactions for snapshots: the connector's bytes, followed by our description. Also
 * reads what the connector alone wrote, as in snapshots of earlier releases.
 */
final class TracedTransactionSerializer implements SimpleVersionedSerializer<TracedTransaction> {

  /** The connector's versions, at present 1, are smaller. */
  private static final int FIRST_OF_OURS = 1000;

  private final SimpleVersionedSerializer<KafkaCommittable> kafka;

  TracedTransactionSerializer(SimpleVersionedSerializer<KafkaCommittable> kafka) {
    this.kafka = kafka;
  }

  @Override
  public int getVersion() {
    return FIRST_OF_OURS;
  }

  @Override
  public byte[] serialize(TracedTransaction transaction) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      byte[] inner = kafka.serialize(transaction.kafka());
      out.writeInt(kafka.getVersion());
      out.writeInt(inner.length);
      out.write(inner);
      out.writeBoolean(transaction.record().isPresent());
      if (transaction.record().isPresent()) {
        Coordinates record = transaction.record().get();
        out.writeUTF(record.topic());
        out.writeInt(record.partition());
        out.writeLong(record.offset());
      }
      out.writeInt(transaction.records());
      out.writeInt(transaction.sources().ranges().size());
      for (SourceRanges.Range range : transaction.sources().ranges()) {
        out.writeUTF(range.topic());
        out.writeInt(range.partition());
        out.writeLong(range.first());
        out.writeLong(range.last());
      }
    }
    return bytes.toByteArray();
  }

  @Override
  public TracedTransaction deserialize(int version, byte[] serialized) throws IOException {
    if (version < FIRST_OF_OURS) {
      return TracedTransaction.untraced(kafka.deserialize(version, serialized));
    }
    if (version > FIRST_OF_OURS) {
      throw new IOException(
          "the snapshot's transactions have version %d, which a later release wrote: resume with that release"
              .formatted(version));
    }
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized))) {
      int innerVersion = in.readInt();
      byte[] inner = new byte[in.readInt()];
      in.readFully(inner);
      Optional<Coordinates> record =
          in.readBoolean()
              ? Optional.of(new Coordinates(in.readUTF(), in.readInt(), in.readLong()))
              : Optional.empty();
      int records = in.readInt();
      int partitions = in.readInt();
      List<SourceRanges.Range> ranges = new ArrayList<>(partitions);
      for (int i = 0; i < partitions; i++) {
        ranges.add(
            new SourceRanges.Range(in.readUTF(), in.readInt(), in.readLong(), in.readLong()));
      }
      return new TracedTransaction(
          kafka.deserialize(innerVersion, inner), record, records, new SourceRanges(ranges));
    }
  }
}
