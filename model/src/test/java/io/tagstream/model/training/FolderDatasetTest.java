package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FolderDatasetTest {
  @TempDir private Path folder;

  @Test
  void foldersAreClassesInTheOrderOfTheirNames() throws Exception {
    touch("roses/b.jpg");
    touch("roses/a");
    touch("Zinnias/x.png");
    touch("daisy/more/y.jpg");
    Dataset dataset = FolderDataset.list(folder);
    assertThat(dataset.labels()).containsExactly("Zinnias", "daisy", "roses");
    assertThat(dataset.images())
        .extracting(LabelledImage::id, LabelledImage::classIndex)
        .containsExactly(
            tuple("Zinnias/x.png", 0),
            tuple("daisy/more/y.jpg", 1),
            tuple("roses/a", 2),
            tuple("roses/b.jpg", 2));
  }

  @Test
  void hiddenFilesEmptyFoldersAndLooseFilesAreNoImages() throws Exception {
    touch("roses/.DS_Store");
    touch("roses/a.jpg");
    touch(".git/config");
    touch("LICENSE.txt");
    Files.createDirectory(folder.resolve("empty"));
    Dataset dataset = FolderDataset.list(folder);
    assertThat(dataset.labels()).containsExactly("roses");
    assertThat(dataset.images()).extracting(LabelledImage::id).containsExactly("roses/a.jpg");
  }

  /** Some file systems decompose é into a letter and its accent. */
  @Test
  void foldersWhoseNamesDifferInCaseOrSpellingOnlyAreOneClass() throws Exception {
    touch("Roses/a");
    touch("daisy/b");
    touch("roses/c");
    touch("e\u0301clair/d");
    Dataset dataset = FolderDataset.list(folder);
    assertThat(dataset.labels()).containsExactly("Roses", "daisy", "\u00e9clair");
    assertThat(dataset.images()).extracting(LabelledImage::classIndex).containsExactly(0, 1, 2, 0);
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aPipeIsNoImageAlsoWhereAFileBecameOne() throws Exception {
    touch("roses/a.jpg");
    pipe("roses/pipe.jpg");
    Dataset dataset = FolderDataset.list(folder);
    assertThat(dataset.images()).extracting(LabelledImage::id).containsExactly("roses/a.jpg");
    Files.delete(folder.resolve("roses/a.jpg"));
    pipe("roses/a.jpg");
    assertThatThrownBy(() -> dataset.images().get(0).content().read())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no longer a file");
  }

  private void pipe(String path) throws Exception {
    String pipe = folder.resolve(path).toString();
    assertThat(new ProcessBuilder("mkfifo", pipe).start().waitFor()).isZero();
  }

  @Test
  void saysWhatIsWrongWithTheFolder() throws Exception {
    touch("a.jpg");
    assertThatThrownBy(() -> FolderDataset.list(folder))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            folder + " holds no folder with images: it needs one per class, named after the class");
    assertThatThrownBy(() -> FolderDataset.list(folder.resolve("a.jpg")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("is not a folder");
  }

  @Test
  void takesTheClassOrderOfAModel() throws Exception {
    touch("daisy/a");
    touch("roses/b");
    Dataset dataset = FolderDataset.list(folder);
    assertThat(dataset.withLabels(List.of("tulips", "roses", "daisy")).images())
        .extracting(LabelledImage::classIndex)
        .containsExactly(2, 1);
    assertThatThrownBy(() -> dataset.withLabels(List.of("daisy", "tulips")))
        .isInstanceOf(ModelException.class)
        .hasMessage(folder + " has a class roses, which the model does not know: daisy, tulips");
  }

  private void touch(String path) throws Exception {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.createFile(file);
  }
}
