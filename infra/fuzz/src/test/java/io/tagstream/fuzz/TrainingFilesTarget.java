package io.tagstream.fuzz;

import io.tagstream.trainingstore.MalformedFileException;
import io.tagstream.trainingstore.TrainingFile;
import java.io.IOException;
import java.nio.file.Path;

/** Files of the training store. */
public final class TrainingFilesTarget {
  private TrainingFilesTarget() {}

  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    Path path = Target.file("rows.avro", input);
    try (TrainingFile file = TrainingFile.open(path)) {
      long rows = file.count();
      if (file.heads().size() != rows) {
        throw new AssertionError("other rows than were counted");
      }
    } catch (MalformedFileException e) {
      // Expected: invalid input is refused with a reason.
    }
  }
}
