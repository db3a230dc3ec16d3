package io.tagstream.job.trainingsink;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.schemas.TrainingImage;
import io.tagstream.trainingstore.TrainingFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.avro.file.DataFileStream;
import org.apache.flink.connector.file.sink.compactor.RecordWiseFileCompactor;
import org.apache.flink.core.fs.Path;

/** Reads the rows of a file for compaction into a larger one. */
final class TrainingRowReader implements RecordWiseFileCompactor.Reader<TrainingRow> {
  private final DataFileStream<TrainingImage> rows;

  TrainingRowReader(Path path) throws IOException {
    rows = TrainingFile.rows(path.getFileSystem().open(path));
  }

  /** Returns null at the end, as Flink's interface requires. */
  @Override
  public TrainingRow read() throws IOException {
    if (!rows.hasNext()) {
      return null;
    }
    TrainingImage image = rows.next();
    TrainingRow row = new TrainingRow();
    row.imageId = image.getImageId();
    row.label = image.getLabel().orElse(null);
    row.unknown = image.getUnknown();
    row.group = image.getGroup().orElse(null);
    row.at = image.getAt();
    row.origin = image.getOrigin();
    row.source = image.getSource().map(Coordinates::of).orElse(null);
    row.content = image.getContent().map(ByteBuffer::array).orElse(null);
    row.stored = image;
    return row;
  }

  @Override
  public void close() throws IOException {
    rows.close();
  }
}
