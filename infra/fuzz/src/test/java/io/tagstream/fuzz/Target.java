package io.tagstream.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A reader of foreign bytes. It may refuse them with the exceptions that its Javadoc names, in time
 * and memory bounded by the size of the input; anything else is a finding.
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

  /** The class with {@code fuzzerTestOneInput(byte[])}, which Jazzer calls. */
  Class<?> type() {
    return type;
  }

  /** Number of inputs in each build, which take some seconds. */
  int shortRun() {
    return shortRun;
  }

  /** Valid inputs to start from. */
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

  /** Writes an input to a file, for readers of files; the next input replaces it. */
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
