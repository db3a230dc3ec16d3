package io.tagstream.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileMappingTest {
  private static final Path MAPS = Path.of("/proc/self/maps");

  @TempDir private Path folder;

  @Test
  void closingFreesTheMemoryAtOnce() throws IOException {
    assumeTrue(Files.exists(MAPS), "what is mapped is read from " + MAPS);
    Path file = Files.write(folder.resolve("model.onnx"), new byte[] {1, 2, 3});
    long before = copies();
    FileMapping mapping = FileMapping.of(file);
    assertThat(mapping.bytes().get(2)).isEqualTo((byte) 3);
    assertThat(copies()).isEqualTo(before + 1);
    mapping.close();
    assertThat(copies()).isEqualTo(before);
    mapping.close();
  }

  /** The mapped copies, which are unlinked. */
  private static long copies() throws IOException {
    return Files.readAllLines(MAPS).stream()
        .filter(line -> line.contains("/tagstream-") && line.endsWith(".onnx (deleted)"))
        .count();
  }

  /** Reading a truncated part of a mapped file would end the process. */
  @Test
  void changesOfTheFileDoNotMatter() throws IOException {
    byte[] content = new byte[1 << 20];
    new Random(1).nextBytes(content);
    Path file = Files.write(folder.resolve("model.onnx"), content);
    try (FileMapping mapping = FileMapping.of(file)) {
      Files.write(file, new byte[] {0});
      assertThat(mapping.bytes()).isEqualTo(ByteBuffer.wrap(content));
      Files.delete(file);
      assertThat(mapping.bytes()).isEqualTo(ByteBuffer.wrap(content));
    }
  }

  @Test
  void filesThatCannotBeMappedAreRefused() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.onnx"));
    assertThatThrownBy(() -> FileMapping.of(empty)).hasMessage("it is empty");
    assertThatThrownBy(() -> FileMapping.of(folder)).hasMessage("it is a folder, not a file");
    assertThatThrownBy(() -> FileMapping.of(Path.of("/dev/zero")))
        .hasMessage("it is a pipe or a device, not a file");
    assertThatThrownBy(() -> FileMapping.of(folder.resolve("missing.onnx")))
        .isInstanceOf(NoSuchFileException.class);
  }
}
