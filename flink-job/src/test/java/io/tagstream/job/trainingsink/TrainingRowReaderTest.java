package io.tagstream.job.trainingsink;

import static io.tagstream.job.TrainingFiles.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.TrainingFiles;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.trainingstore.StoredImage;
import io.tagstream.trainingstore.TrainingStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compaction reads the files of several checkpoints and writes one. */
class TrainingRowReaderTest {
  @TempDir private Path folder;

  @Test
  void anImageDamagedBeforeCompactionStaysKnownAsDamaged() throws Exception {
    Path first =
        TrainingFiles.write(
            folder.resolve("first"), "part-1.avro", row("x", "roses", 1), row("y", "tulips", 2));
    byte[] bytes = Files.readAllBytes(first);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("picture of x");
    bytes[at] = 'P';
    Files.write(first, bytes);

    Path second = folder.resolve("second");
    org.apache.flink.core.fs.Path copy =
        new org.apache.flink.core.fs.Path(second.resolve("part-2.avro").toUri());
    try (TrainingRowReader reader =
            new TrainingRowReader(new org.apache.flink.core.fs.Path(first.toUri()));
        FSDataOutputStream out = copy.getFileSystem().create(copy, WriteMode.NO_OVERWRITE)) {
      BulkWriter<TrainingRow> writer = new TrainingRowWriter.Factory().create(out);
      for (TrainingRow row = reader.read(); row != null; row = reader.read()) {
        writer.addElement(row);
      }
      writer.finish();
    }

    TrainingStore store = new TrainingStore(second);
    List<StoredImage> images = store.read(store.list().files()).images();
    assertThat(images).extracting(StoredImage::label).containsExactly("roses", "tulips");
    assertThat(images.get(1).content().read()).isEqualTo(TrainingFiles.picture("y"));
    assertThatThrownBy(() -> images.get(0).content().read())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("were changed");
  }
}
