package io.tagstream.trainingstore;

import static io.tagstream.trainingstore.StoreRows.row;
import static io.tagstream.trainingstore.StoreRows.withdrawal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdditionTest {
  private static final Instant NOW = Instant.ofEpochMilli(1000);

  @TempDir private Path folder;
  private TrainingStore store = new TrainingStore(Path.of(""));
  private Path pictures = Path.of("");

  @BeforeEach
  void draw() throws IOException {
    store = new TrainingStore(folder.resolve("store"));
    pictures = folder.resolve("pictures");
    draw("roses/1.jpg", "one");
    draw("roses/2.jpg", "two");
    draw("tulips/1.jpg", "three");
  }

  private void draw(String id, String content) throws IOException {
    Files.createDirectories(pictures.resolve(id).getParent());
    Files.writeString(pictures.resolve(id), content);
  }

  private Dataset dataset() {
    return FolderDataset.list(pictures);
  }

  private List<String> labels() {
    return store.read(store.list().files()).images().stream()
        .map(image -> image.id() + "=" + image.label())
        .toList();
  }

  @Test
  void imagesOfAFolderAreAddedOnce() throws Exception {
    assertThat(Addition.of(dataset(), store, NOW)).isEqualTo(3);
    assertThat(labels())
        .containsExactly("roses/1.jpg=roses", "roses/2.jpg=roses", "tulips/1.jpg=tulips");
    StoredImage first = store.read(store.list().files()).images().get(0);
    assertThat(first.content().read()).asString().isEqualTo("one");
    assertThat(first.at()).isEqualTo(NOW);

    draw("tulips/2.jpg", "four");
    assertThat(Addition.of(dataset(), store, NOW.plusMillis(1))).isEqualTo(1);
    assertThat(Addition.of(dataset(), store, NOW.plusMillis(2))).isZero();
    assertThat(store.list().rows()).isEqualTo(4);
    assertThat(store.list().files()).hasSize(2);
  }

  @Test
  void aFileEndsWhenItIsFull() {
    assertThat(Addition.of(dataset(), store, NOW, 4)).isEqualTo(3);
    assertThat(store.list().files()).extracting(StoreFile::rows).containsExactlyInAnyOrder(2L, 1L);
  }

  @Test
  void addingAgainUndoesNoWithdrawalAndNoCorrection() throws Exception {
    Addition.of(dataset(), store, NOW);
    StoreRows.write(
        folder.resolve("store"),
        "part-1.avro",
        withdrawal("roses/1.jpg", 2000),
        row("roses/2.jpg", "tulips", 2000));
    List<String> before = labels();
    assertThat(Addition.of(dataset(), store, NOW.plusMillis(5000))).isZero();
    assertThat(labels()).isEqualTo(before);
  }

  /**
   * As after {@code training.keep} deleted the rows that the withdrawal and the correction
   * superseded.
   */
  @Test
  void withdrawalsAndCorrectionsCountWithoutTheRowsTheySupersede() throws Exception {
    draw("roses/2.jpg", "picture of roses/2.jpg");
    StoreRows.write(
        folder.resolve("store"),
        "part-1.avro",
        withdrawal("roses/1.jpg", 20),
        row("roses/2.jpg", "tulips", 20));
    assertThat(Addition.of(dataset(), store, NOW)).isEqualTo(1);
    assertThat(labels()).containsExactly("roses/2.jpg=tulips", "tulips/1.jpg=tulips");
  }

  @Test
  void anImageFromTheStreamUnderAnotherIdIsNotAddedAgain() throws Exception {
    draw("roses/3.jpg", "picture of streamed");
    StoreRows.write(folder.resolve("store"), "part-1.avro", row("streamed", "roses", 1));
    assertThat(Addition.of(dataset(), store, NOW)).isEqualTo(3);
    draw("tulips/3.jpg", "picture of streamed");
    // With another label it is new.
    assertThat(Addition.of(dataset(), store, NOW)).isEqualTo(1);
  }

  @Test
  void aFailureLeavesNoPartialFile() throws Exception {
    Dataset dataset = dataset();
    Files.delete(pictures.resolve("tulips/1.jpg"));
    assertThatThrownBy(() -> Addition.of(dataset, store, NOW))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("tulips/1.jpg");
    try (Stream<Path> files = Files.list(folder.resolve("store"))) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void aFolderWhoseNameIsNotALabelIsReported() throws Exception {
    draw("a\u0001b/1.jpg", "five");
    assertThatThrownBy(() -> Addition.of(dataset(), store, NOW))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("U+0001");
  }
}
