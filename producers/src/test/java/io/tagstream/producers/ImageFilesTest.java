package io.tagstream.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.tagstream.schemas.Image;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFilesTest {
  @TempDir Path folder;

  @BeforeEach
  void files() throws IOException {
    write("b/z.jpg");
    write("b/a.TXT");
    write("a.jpg");
    write("b/c/no extension");
    write(".hidden.jpg");
    write("b/.hidden/x.jpg");
    Files.createFile(folder.resolve("b/empty"));
  }

  private void write(String name) throws IOException {
    Path path = folder.resolve(name);
    Files.createDirectories(path.getParent());
    Files.writeString(path, "content of " + name);
  }

  @Test
  void everyRegularFileExceptHiddenOnesIsFoundSorted() {
    ImageFiles found = ImageFiles.find(folder.toString());

    assertThat(found.files())
        .extracting(ImageFile::name)
        .containsExactly("a.jpg", "b/a.TXT", "b/c/no extension", "b/empty", "b/z.jpg");
    assertThat(found.skipped()).isEmpty();
  }

  @Test
  void aRequestedHiddenFolderIsRead() {
    assertThat(ImageFiles.find(folder.resolve("b/.hidden").toString()).files())
        .extracting(ImageFile::name)
        .containsExactly("x.jpg");
  }

  @Test
  void linksAreSkipped() throws IOException {
    Files.createSymbolicLink(folder.resolve("b/link.jpg"), Path.of("z.jpg"));
    Files.createSymbolicLink(folder.resolve("loop"), folder);
    Files.createSymbolicLink(folder.resolve("broken"), Path.of("nowhere"));

    ImageFiles found = ImageFiles.find(folder.toString());

    assertThat(found.files()).hasSize(5);
    assertThat(found.skipped())
        .extracting(ImageFiles.Unsent::name)
        .containsExactly("b/link.jpg", "broken", "loop");
    assertThat(found.skipped())
        .allMatch(unsent -> unsent.reason().equals("a link, which is not followed"));
  }

  @Test
  void aRequestedLinkIsFollowed() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("b"));
    assertThat(ImageFiles.find(link.toString()).files()).hasSize(4);
  }

  @Test
  void anUnreadableFolderIsSkipped() throws IOException {
    Path locked = folder.resolve("b/c");
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("---------"));
    assumeThat(Files.isReadable(locked)).as("root may read everything").isFalse();
    try {
      assertThat(ImageFiles.find(folder.toString()).skipped())
          .containsExactly(new ImageFiles.Unsent("b/c", "may not be read"));
    } finally {
      Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("rwx------"));
    }
  }

  @Test
  void aSingleFileHasItsFileNameAsName() {
    assertThat(ImageFiles.find(folder.resolve("b/z.jpg").toString()).files())
        .extracting(ImageFile::name)
        .containsExactly("z.jpg");
  }

  @Test
  void filesOfAPatternAreNamedRelativeToItsFixedPart() {
    assertThat(ImageFiles.find(folder + "/**/*.jpg").files())
        .extracting(ImageFile::name)
        .containsExactly("a.jpg", "b/z.jpg");
    assertThat(ImageFiles.find(folder + "/b/{a,e}*").files())
        .extracting(ImageFile::name)
        .containsExactly("a.TXT", "empty");
  }

  @Test
  void aMissingPathIsReported() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("nothing"));
    for (String where :
        new String[] {
          folder + "/none", folder + "/none/*.jpg", folder + "/*.png", empty.toString()
        }) {
      assertThatThrownBy(() -> ImageFiles.find(where))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("check --images");
    }
  }

  @Test
  void aRecordHoldsTheBytesAndTheFolderNameAsLabel() throws IOException {
    ImageFile file = new ImageFile(folder.resolve("b/z.jpg"), "b/z.jpg");

    Image plain = file.read("id");
    Image labeled = file.readLabeled("id");

    assertThat(plain.getId()).isEqualTo("id");
    assertThat(plain.getContent())
        .contains(ByteBuffer.wrap("content of b/z.jpg".getBytes(StandardCharsets.UTF_8)));
    assertThat(plain.getLabel()).isEmpty();
    assertThat(labeled.getLabel()).contains("b");
  }
}
