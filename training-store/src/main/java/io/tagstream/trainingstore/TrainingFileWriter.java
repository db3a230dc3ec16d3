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
 * Writes a file of the training store: an Avro container with one row in each block, so that rows
 * can be counted without being read and each can be read alone. It uses no codec, because encoded
 * images are compressed already.
 */
public final class TrainingFileWriter implements Closeable, Flushable {
  private final DataFileWriter<TrainingImage> file;

  /**
   * Writes the file's header.
   *
   * @param out closed by {@link #close}
   * @param notes added to the header's entries
   */
  public TrainingFileWriter(OutputStream out, Map<String, String> notes) throws IOException {
    Schema schema = TrainingImage.getClassSchema();
    file = new DataFileWriter<>(new SpecificDatumWriter<>(schema, RecordModel.INSTANCE));
    notes.forEach(file::setMeta);
    file.setCodec(CodecFactory.nullCodec());
    // A block per row would otherwise flush after every row.
    file.setFlushOnEveryBlock(false);
    file.create(schema, out);
  }

  /**
   * Adds a row, in a separate block.
   *
   * @param label empty withdraws the image
   * @param unknown whether the image was labelled as showing none of the classes; the label is then
   *     empty
   * @param at when the record that carried the label was appended
   * @param origin why the image was labelled, a word of {@link LabelOrigin}
   * @param source the coordinates of that record; empty if the row came from no stream
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
   * Adds a row that was read from a file. Its SHA-256 is kept, not recomputed: a new hash would
   * match bytes that were damaged in the meantime.
   */
  public void append(TrainingImage row) throws IOException {
    file.append(row);
    file.sync();
  }

  /** Writes all rows to the stream, which may then be closed instead of this writer. */
  @Override
  public void flush() throws IOException {
    file.flush();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
