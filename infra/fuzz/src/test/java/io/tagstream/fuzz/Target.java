package io.tagstream.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What reads bytes that others wrote. A target may refuse them by the exceptions its Javadoc names,
 * in time and memory that the size of the input bounds; anything else is a finding.
 */
enum Target {
  RECORDS(RecordsTarget.class, 20_000),
  TRAINING_FILES(TrainingFilesTarget.class, 5_000),
  IMAGES(ImagesTarget.class, 20_000),
  ONNX(OnnxTarget.class, 2_000),
  BUNDLES(BundlesTarget.class, 1_500),
  SETTINGS(SettingsTarget.class, 1_500);

  private final Class<?> type;
  private final int shortRun;

  Target(Class<?> type, int shortRun) {
    this.type = type;
    this.shortRun = shortRun;
  }

  /** Has {@code fuzzerTestOneInput(byte[])}, as Jazzer wants it. */
  Class<?> type() {
    return type;
  }

  /** Inputs of a run in every build: some seconds. */
  int shortRun() {
    return shortRun;
  }

  /** Valid inputs to begin with. */
  List<byte[]> seeds() {
    return switch (this) {
      case RECORDS -> Seeds.records();
      case TRAINING_FILES -> Seeds.trainingFiles();
      case IMAGES -> Seeds.images();
      case ONNX -> Seeds.onnx();
      case BUNDLES -> Seeds.bundles();
      case SETTINGS -> Seeds.settings();
    };
  }

  /** A file with an input, for what reads files; the next input replaces it. */
  static Path file(String name, byte[] input) {
    try {
      Path file =
          Path.of(
              System.getProperty("java.io.tmpdir"), "fuzz-" + ProcessHandle.current().pid(), name);
      Files.createDirectories(file.getParent());
      return Files.write(file, input);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
