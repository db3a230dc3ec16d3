package io.tagstream.trainingstore;

import io.tagstream.schemas.LabelOrigin;
import io.tagstream.schemas.RecordModel;
import io.tagstream.schemas.Sha256;
import io.tagstream.schemas.Source;
import io.tagstream.schemas.TrainingImage;
import java.io.Closeable;
import java.io.Flushable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.specific.SpecificDatumWriter;

/**
 * Writes a file of the training store: an Avro container with one row per block and no codec,
 * because images are compressed already. So rows can be counted without reading them, and each can
 * be read individually.
 */
public final class TrainingFileWriter implements Closeable, Flushable {
  private final DataFileWriter<TrainingImage> file;

  /**
   * Writes the file's header.
   *
   * @param out the stream, closed by {@link #close}
   * @param notes entries for the header in addition to Avro's
   */
  public TrainingFileWriter(OutputStream out, Map<String, String> notes) throws IOException {
    Schema schema = TrainingImage.getClassSchema();
    file = new DataFileWriter<>(new SpecificDatumWriter<>(schema, RecordModel.INSTANCE));
    notes.forEach(file::setMeta);
    file.setCodec(CodecFactory.nullCodec());
    // Each row ends its block, but does not have to reach the disk before the next row.
    file.setFlushOnEveryBlock(false);
    file.create(schema, out);
  }

  /**
   * Adds a row as a separate block.
   *
   * @param label if empty, the row withdraws the image
   * @param unknown whether it was labelled as showing none of the classes; the label is then empty
   * @param at when the label's record was appended to Kafka
   * @param origin why the image was labelled, a word of {@link LabelOrigin}
   * @param source the coordinates of that record; empty if the label came from no stream
   * @param content the encoded image; its SHA-256 is computed here
   */
  public void append(
      String imageId,
      Optional<String> label,
      boolean unknown,
      Optional<String> group,
      Instant at,
      String origin,
      Optional<Source> source,
      Optional<byte[]> content)
      throws IOException {
    TrainingImage.Builder row =
        TrainingImage.newBuilder()
            .setImageId(imageId)
            .setUnknown(unknown)
            .setAt(at)
            .setOrigin(origin);
    label.ifPresent(row::setLabel);
    group.ifPresent(row::setGroup);
    source.ifPresent(row::setSource);
    content.ifPresent(
        bytes -> {
          row.setSha256(ByteBuffer.wrap(Sha256.of(bytes)));
          row.setContent(ByteBuffer.wrap(bytes));
        });
    append(row.build());
  }

  /**
   * Adds a row that was read from a file. Its SHA-256 is copied and not computed again, which would
   * hide damage to the bytes.
   */
  public void append(TrainingImage row) throws IOException {
    file.append(row);
    file.sync();
  }

  /** Flushes all rows to the stream, which can then be closed instead of this writer. */
  @Override
  public void flush() throws IOException {
    file.flush();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
