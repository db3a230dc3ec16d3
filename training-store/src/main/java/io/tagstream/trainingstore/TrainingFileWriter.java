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
 * Writes a file of the training store: an Avro container with one row a block and no codec, since
 * pictures are compressed already. So rows are counted without being read, and each can be read
 * alone.
 */
public final class TrainingFileWriter implements Closeable, Flushable {
  private final DataFileWriter<TrainingImage> file;

  /**
   * Writes the file's header.
   *
   * @param out closed by {@link #close}
   * @param notes stand in the header beside Avro's own
   */
  public TrainingFileWriter(OutputStream out, Map<String, String> notes) throws IOException {
    Schema schema = TrainingImage.getClassSchema();
    file = new DataFileWriter<>(new SpecificDatumWriter<>(schema, RecordModel.INSTANCE));
    notes.forEach(file::setMeta);
    file.setCodec(CodecFactory.nullCodec());
    // Each row ends its block, and need not reach the disk before the next.
    file.setFlushOnEveryBlock(false);
    file.create(schema, out);
  }

  /**
   * Adds a row as a block of its own.
   *
   * @param label empty withdraws the picture
   * @param unknown whether it was said to show none of the classes; the label is then empty
   * @param at when the record that carried the label was appended
   * @param origin why the picture was labelled, as {@link LabelOrigin} has it
   * @param source where that record stood; empty where no stream brought it
   * @param content the encoded picture; its SHA-256 is computed here
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
   * Adds a row as it was read from a file. Its SHA-256 stays, since that of bytes that were damaged
   * meanwhile would say that they are right.
   */
  public void append(TrainingImage row) throws IOException {
    file.append(row);
    file.sync();
  }

  /** Hands all rows to the stream, which can then be closed in place of this writer. */
  @Override
  public void flush() throws IOException {
    file.flush();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
