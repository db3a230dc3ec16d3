package io.tagstream.producers;

import io.tagstream.schemas.Image;
import io.tagstream.schemas.LabelText;
import io.tagstream.schemas.RecordText;
import io.tagstream.settings.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * A file to send; its content is not checked.
 *
 * @param name its path relative to the requested folder, with slashes
 */
public record ImageFile(Path path, String name) {

  /** Largest file that is read, in bytes. */
  private static final long LARGEST = 1L << 30;

  /** The name of the file's folder. */
  public String folder() {
    return Optional.ofNullable(path.toAbsolutePath().normalize().getParent())
        .map(Path::getFileName)
        .map(Path::toString)
        .orElse("");
  }

  /**
   * Reads the file into a record.
   *
   * @throws IOException when it cannot be read
   * @throws IllegalArgumentException when the id is not valid
   */
  public Image read(String id) throws IOException {
    return record(id).build();
  }

  /**
   * Reads the file into a record with its folder's name as label.
   *
   * @throws IOException when it cannot be read
   * @throws IllegalArgumentException when the id or the folder's name is not valid
   */
  public Image readLabeled(String id) throws IOException {
    return record(id).setLabel(LabelText.normalize(folder())).build();
  }

  private Image.Builder record(String id) throws IOException {
    RecordText.requireId(id);
    return Image.newBuilder()
        .setId(id)
        .setContent(ByteBuffer.wrap(InputFile.read(path, LARGEST)))
        .setCapturedAt(Instant.now());
  }
}
