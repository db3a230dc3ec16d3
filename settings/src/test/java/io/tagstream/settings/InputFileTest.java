package io.tagstream.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InputFileTest {
  @TempDir Path folder;

  private void assertRefused(Path file, String message) {
    assertThatThrownBy(() -> InputFile.read(file, 10))
        .isInstanceOf(IOException.class)
        .hasMessage(message);
  }

  @Test
  void aFileIsReadUpToItsLimit() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "0123456789");
    assertThat(InputFile.read(file, 10)).asString().isEqualTo("0123456789");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    assertThat(InputFile.read(link, 10)).hasSize(10);
    Files.writeString(file, "0123456789a");
    assertRefused(file, "it has 11 bytes, at most 10 are read");
  }

  @Test
  void pipesDevicesFoldersAndLargeFilesAreRefused() throws Exception {
    assertRefused(Path.of("/dev/zero"), "it is a pipe or a device, not a file");
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    assertRefused(pipe, "it is a pipe or a device, not a file");
    assertRefused(
        Files.createSymbolicLink(folder.resolve("link"), pipe),
        "it is a pipe or a device, not a file");
    assertRefused(folder, "it is a folder");
    try (RandomAccessFile sparse = new RandomAccessFile(folder.resolve("sparse").toFile(), "rw")) {
      sparse.setLength(1L << 40);
    }
    assertRefused(folder.resolve("sparse"), "it has 1099511627776 bytes, at most 10 are read");
    assertThatThrownBy(() -> InputFile.read(folder.resolve("none"), 10))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void aSettingsFileIsShortAndRegular() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    for (Path wrong : new Path[] {pipe, Path.of("/dev/zero"), large()}) {
      assertThatThrownBy(() -> Settings.load(Optional.of(wrong), Map.of(), Map.of()))
          .isInstanceOf(UsageException.class)
          .hasMessageStartingWith("cannot read the settings file " + wrong + ": it ");
    }
  }

  private Path large() throws IOException {
    return Files.writeString(folder.resolve("large"), "#".repeat((1 << 20) + 1));
  }
}
