package io.tagstream.job.decode;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.schemas.MalformedRecordException;

/** What may stand in a record as an image's id. */
public final class ImageId {
  /**
   * An id goes out twice, as key and in the value, to topics whose records a broker limits to 1 MiB
   * unless told otherwise; a record above the limit ends the job.
   */
  public static final int LONGEST = 1024;

  private ImageId() {}

  /**
   * Returns where an id can be used.
   *
   * @throws MalformedRecordException when it is empty or longer than 1024 bytes in UTF-8
   */
  public static void require(String id) throws MalformedRecordException {
    int bytes = id.getBytes(UTF_8).length;
    if (bytes == 0 || bytes > LONGEST) {
      throw new MalformedRecordException(
          "the id has %d bytes in UTF-8, 1 to %d are allowed".formatted(bytes, LONGEST));
    }
  }
}
