package io.tagstream.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileMappingTest {
  private static final Path MAPS = Path.of("/proc/self/maps");

  @TempDir private Path folder;

  @Test
  void closingGivesTheMemoryBackAtOnce() throws IOException {
    assumeTrue(Files.exists(MAPS), "what is mapped is read from " + MAPS);
    Path file = Files.write(folder.resolve("model.onnx"), new byte[] {1, 2, 3});
    FileMapping mapping = FileMapping.of(file);
    assertThat(mapping.bytes().get(2)).isEqualTo((byte) 3);
    assertThat(Files.readString(MAPS)).contains(file.toString());
    mapping.close();
    assertThat(Files.readString(MAPS)).doesNotContain(file.toString());
    mapping.close();
  }

  @Test
  void whatCannotBeMappedIsTold() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.onnx"));
    assertThatThrownBy(() -> FileMapping.of(empty)).hasMessage("it is empty");
    assertThatThrownBy(() -> FileMapping.of(folder.resolve("missing.onnx")))
        .isInstanceOf(NoSuchFileException.class);
  }
}
