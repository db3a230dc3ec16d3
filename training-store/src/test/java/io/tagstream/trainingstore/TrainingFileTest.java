package io.tagstream.trainingstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.schemas.Label;
import io.tagstream.schemas.RecordModel;
import io.tagstream.schemas.Source;
import io.tagstream.schemas.TrainingImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.avro.Schema;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileConstants;
import org.apache.avro.file.DataFileStream;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificDatumWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingFileTest {
  private static final Instant TIME = Instant.parse("2012-12-03T10:00:00Z");
  private static final String SHA256_OF_123 =
      "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81";

  @TempDir private Path folder;

  private static byte[] image(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private Path threeRows(Map<String, String> notes) throws IOException {
    Path path = folder.resolve("rows.avro");
    try (TrainingFileWriter writer = new TrainingFileWriter(Files.newOutputStream(path), notes)) {
      writer.append(
          "roses/ä 1.jpg",
          Optional.of("roses"),
          false,
          Optional.of("g1"),
          TIME,
          "producer",
          Optional.of(new Source("labels", 1, 7L)),
          Optional.of(new byte[] {1, 2, 3}));
      writer.append(
          "b",
          Optional.empty(),
          true,
          Optional.empty(),
          TIME,
          "correction",
          Optional.empty(),
          Optional.empty());
      writer.append(
          "i".repeat(5000),
          Optional.of("tulips"),
          false,
          Optional.empty(),
          TIME.plusSeconds(1),
          "random",
          Optional.empty(),
          Optional.of(image(100_000)));
    }
    return path;
  }

  private static List<TrainingRowHead> heads(Path path) throws Exception {
    try (TrainingFile file = TrainingFile.open(path)) {
      return file.heads();
    }
  }

  private static long count(Path path) throws Exception {
    try (TrainingFile file = TrainingFile.open(path)) {
      return file.count();
    }
  }

  @Test
  void rowsAreReadWithoutTheirContent() throws Exception {
    List<TrainingRowHead> heads = heads(threeRows(Map.of()));
    assertThat(heads).hasSize(3);
    TrainingRowHead first = heads.get(0);
    assertThat(first)
        .usingRecursiveComparison()
        .ignoringFields("content")
        .isEqualTo(
            new TrainingRowHead(
                "roses/ä 1.jpg",
                Optional.of("roses"),
                false,
                Optional.of("g1"),
                TIME,
                "producer",
                Optional.of(new Source("labels", 1, 7L)),
                Optional.empty()));
    assertThat(first.content().orElseThrow().sha256()).isEqualTo(SHA256_OF_123);
    assertThat(heads.get(1))
        .isEqualTo(
            new TrainingRowHead(
                "b",
                Optional.empty(),
                true,
                Optional.empty(),
                TIME,
                "correction",
                Optional.empty(),
                Optional.empty()));
    assertThat(heads.get(2).imageId()).hasSize(5000);
  }

  @Test
  void rowsOfTheFirstReleaseAreReadWithoutASource() throws Exception {
    Schema released;
    try (InputStream file =
        TrainingFileTest.class.getResourceAsStream(
            "/io/tagstream/schemas/released/v1/TrainingImage.avsc")) {
      released = new Schema.Parser().parse(file);
    }
    GenericRecord row = new GenericData.Record(released);
    row.put("imageId", "rose");
    row.put("at", TIME.toEpochMilli());
    row.put("origin", "random");
    Path path = folder.resolve("old.avro");
    try (DataFileWriter<GenericRecord> writer =
        new DataFileWriter<>(new GenericDatumWriter<>(released))) {
      writer.create(released, path.toFile());
      writer.append(row);
    }
    assertThat(heads(path))
        .containsExactly(
            new TrainingRowHead(
                "rose",
                Optional.empty(),
                false,
                Optional.empty(),
                TIME,
                "random",
                Optional.empty(),
                Optional.empty()));
  }

  @Test
  void theContentOfOneRowIsReadAlone() throws Exception {
    Path path = threeRows(Map.of());
    List<TrainingRowHead> heads = heads(path);
    assertThat(TrainingFile.content(path, heads.get(2).content().orElseThrow()))
        .isEqualTo(image(100_000));
    assertThat(TrainingFile.content(path, heads.get(0).content().orElseThrow()))
        .containsExactly(1, 2, 3);
  }

  @Test
  void changedContentIsRefused() throws Exception {
    Path path = threeRows(Map.of());
    TrainingRowHead.Content content = heads(path).get(2).content().orElseThrow();
    byte[] bytes = Files.readAllBytes(path);
    bytes[(int) content.position() + 50_000] ^= 1;
    Files.write(path, bytes);
    assertThatThrownBy(() -> TrainingFile.content(path, content))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("rows.avro at %d were changed".formatted(content.position()));
    Files.write(path, Arrays.copyOf(bytes, 60_000));
    assertThatThrownBy(() -> TrainingFile.content(path, content))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("rows.avro was shortened");
  }

  /** Other programs must be able to read the store. */
  @Test
  void avroReadsWhatWasWritten() throws Exception {
    try (InputStream in = Files.newInputStream(threeRows(Map.of("tagstream.note", "n")));
        DataFileStream<GenericRecord> rows = new DataFileStream<>(in, new GenericDatumReader<>())) {
      List<String> ids = new ArrayList<>();
      while (rows.hasNext()) {
        assertThat(rows.getBlockCount()).isEqualTo(1);
        ids.add(rows.next().get("imageId").toString());
      }
      assertThat(ids).startsWith("roses/ä 1.jpg", "b").hasSize(3);
      assertThat(rows.getMetaString("tagstream.note")).isEqualTo("n");
    }
  }

  @Test
  void notesInALargeHeaderAreRead() throws Exception {
    try (TrainingFile file =
        TrainingFile.open(threeRows(Map.of("tagstream.note", "n".repeat(50_000))))) {
      assertThat(file.notes()).isEqualTo(Map.of("tagstream.note", "n".repeat(50_000)));
      assertThat(file.count()).isEqualTo(3);
    }
  }

  @Test
  void anEmptyFileHasNoRows() throws Exception {
    Path path = folder.resolve("empty.avro");
    new TrainingFileWriter(Files.newOutputStream(path), Map.of()).close();
    assertThat(count(path)).isZero();
    assertThat(heads(path)).isEmpty();
  }

  @Test
  void aTruncatedFileIsRefusedWhereverItIsCut() throws Exception {
    Path path = threeRows(Map.of());
    byte[] whole = Files.readAllBytes(path);
    List<TrainingRowHead> heads = heads(path);
    int secondRow = (int) heads.get(0).content().orElseThrow().position() + 3 + 16;
    Path cut = folder.resolve("cut.avro");
    for (int length :
        new int[] {
          0, 3, 100, 1000, secondRow - 1, secondRow + 1, secondRow + 20, 60_000, whole.length - 1
        }) {
      Files.write(cut, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> count(cut))
          .as("count at %d", length)
          .isInstanceOf(MalformedFileException.class);
      assertThatThrownBy(() -> heads(cut))
          .as("heads at %d", length)
          .isInstanceOf(MalformedFileException.class);
    }
    Files.write(cut, Arrays.copyOf(whole, 60_000));
    assertThatThrownBy(() -> count(cut)).hasMessageStartingWith("it is truncated at 60000 bytes");
    // Cut between two blocks, it is a complete, shorter file.
    Files.write(cut, Arrays.copyOf(whole, secondRow));
    assertThat(count(cut)).isEqualTo(1);
  }

  @Test
  void aChangedBlockIsDetected() throws Exception {
    Path path = threeRows(Map.of());
    byte[] bytes = Files.readAllBytes(path);
    int endOfFirst = (int) heads(path).get(0).content().orElseThrow().position() + 3;
    bytes[endOfFirst + 5] ^= 1;
    Files.write(path, bytes);
    assertThatThrownBy(() -> count(path)).hasMessageContaining("bytes were lost or changed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Obj", "{\"no\": \"container\"}", "Obj\u0001and then nothing useful"})
  void aForeignFileIsRefused(String content) throws Exception {
    Path path = Files.writeString(folder.resolve("foreign.avro"), content);
    assertThatThrownBy(() -> TrainingFile.open(path)).isInstanceOf(MalformedFileException.class);
  }

  @Test
  void rowsOfAnotherKindAreRefused() throws Exception {
    Path path = folder.resolve("labels.avro");
    try (DataFileWriter<Label> writer =
        new DataFileWriter<>(
            new SpecificDatumWriter<>(Label.getClassSchema(), RecordModel.INSTANCE))) {
      writer.create(Label.getClassSchema(), Files.newOutputStream(path));
      writer.append(
          Label.newBuilder()
              .setImageId("a")
              .setLabel("roses")
              .setAnnotator("ann")
              .setLabeledAt(TIME)
              .setOrigin("random")
              .build());
    }
    assertThatThrownBy(() -> TrainingFile.open(path))
        .isInstanceOf(MalformedFileException.class)
        .hasMessage(
            "its rows are io.tagstream.schemas.Label, not io.tagstream.schemas.TrainingImage");
  }

  @Test
  void blocksOfSeveralRowsAreRefused() throws Exception {
    assertThatThrownBy(() -> count(container(CodecFactory.nullCodec())))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("has 2 rows");
  }

  @Test
  void compressedBlocksAreRefused() throws Exception {
    Path path = container(CodecFactory.deflateCodec(1));
    assertThatThrownBy(() -> TrainingFile.open(path))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("compressed (deflate)");
  }

  /** Five bytes of such a row could encode a billion nulls to skip. */
  @Test
  void rowsWithCollectionsAreRefused() throws Exception {
    List<Schema.Field> fields = new ArrayList<>();
    Schema nulls = Schema.createArray(Schema.create(Schema.Type.NULL));
    fields.add(new Schema.Field("nulls", nulls, null, List.of()));
    TrainingImage.getClassSchema()
        .getFields()
        .forEach(field -> fields.add(new Schema.Field(field, field.schema())));
    Schema hostile =
        Schema.createRecord("TrainingImage", null, "io.tagstream.schemas", false, fields);
    Path path = folder.resolve("hostile.avro");
    try (DataFileWriter<GenericRecord> writer =
        new DataFileWriter<>(new GenericDatumWriter<>(hostile))) {
      writer.create(hostile, path.toFile());
    }
    assertThatThrownBy(() -> TrainingFile.open(path))
        .isInstanceOf(MalformedFileException.class)
        .hasMessage("its rows contain an array or a map");
  }

  @Test
  void aHeaderWithoutEndIsRefused() throws Exception {
    Path path = folder.resolve("long.avro");
    try (OutputStream out = Files.newOutputStream(path)) {
      out.write(DataFileConstants.MAGIC);
      // One entry with the key "a" and a value of 1 GiB, of which 64 MiB follow.
      out.write(HexFormat.of().parseHex("0202618080808008"));
      out.write(new byte[64 << 20]);
    }
    assertThatThrownBy(() -> TrainingFile.open(path))
        .isInstanceOf(MalformedFileException.class)
        .hasMessage("its header has more than 16777216 bytes");
  }

  @Test
  void aLinkIsRefused() throws Exception {
    Path file = threeRows(Map.of());
    Path link = Files.createSymbolicLink(folder.resolve("link.avro"), file);
    assertThatThrownBy(() -> TrainingFile.open(link))
        .isInstanceOf(MalformedFileException.class)
        .hasMessage("it is a link, and only regular files are read");
  }

  /** Opening a pipe blocks until a process writes to it. */
  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aPipeDoesNotBlock() throws Exception {
    Path pipe = folder.resolve("pipe.avro");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    assertThatThrownBy(() -> TrainingFile.open(pipe))
        .isInstanceOf(MalformedFileException.class)
        .hasMessage("it is not a regular file");
  }

  private Path container(CodecFactory codec) throws IOException {
    Path path = folder.resolve("others.avro");
    try (OutputStream out = Files.newOutputStream(path);
        DataFileWriter<TrainingImage> writer =
            new DataFileWriter<>(
                new SpecificDatumWriter<>(TrainingImage.getClassSchema(), RecordModel.INSTANCE))) {
      writer.setCodec(codec);
      writer.create(TrainingImage.getClassSchema(), out);
      for (String id : List.of("a", "b")) {
        writer.append(
            TrainingImage.newBuilder().setImageId(id).setAt(TIME).setOrigin("random").build());
      }
    }
    return path;
  }
}
