package io.tagstream.job.trainingsink;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.trainingstore.TrainingFileWriter;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;

/** Writes the rows of one file for Flink's sink, which owns and closes the stream. */
final class TrainingRowWriter implements BulkWriter<TrainingRow> {
  private final TrainingFileWriter file;

  private TrainingRowWriter(TrainingFileWriter file) {
    this.file = file;
  }

  static final class Factory implements BulkWriter.Factory<TrainingRow> {
    private static final long serialVersionUID = 1L;

    @Override
    public BulkWriter<TrainingRow> create(FSDataOutputStream out) throws IOException {
      return new TrainingRowWriter(new TrainingFileWriter(out, Map.of()));
    }
  }

  @Override
  public void addElement(TrainingRow row) throws IOException {
    if (row.stored != null) {
      file.append(row.stored);
      return;
    }
    file.append(
        row.imageId,
        Optional.ofNullable(row.label),
        row.unknown,
        Optional.ofNullable(row.group),
        row.at,
        row.origin,
        Optional.ofNullable(row.source).map(Coordinates::toSource),
        Optional.ofNullable(row.content));
  }

  @Override
  public void flush() throws IOException {
    file.flush();
  }

  @Override
  public void finish() throws IOException {
    file.flush();
  }
}
