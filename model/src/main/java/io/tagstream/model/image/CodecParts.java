package io.tagstream.model.image;

import io.tagstream.model.image.CodecFile.Part;
import io.tagstream.model.image.UnreadableImageException.Stage;
import java.util.ArrayList;
import java.util.List;

/** Collects the ranges of a file that a codec reads. Adjacent ranges become one part. */
final class CodecParts {
  /** No regular file has metadata in so many places; each part takes memory. */
  private static final int MOST = 10_000;

  private final ImageFormat format;
  private final EncodedBytes bytes;
  private final List<Part> parts = new ArrayList<>();

  // The last part, which an adjacent range extends.
  private int from;
  private int end;

  CodecParts(ImageFormat format, EncodedBytes bytes) {
    this.format = format;
    this.bytes = bytes;
  }

  /**
   * Adds the file's next part.
   *
   * @throws UnreadableImageException if there are more than {@value #MOST} parts
   */
  void add(int at, int length) throws UnreadableImageException {
    if (at != end) {
      if (parts.size() == MOST - 1) {
        throw new UnreadableImageException(
            Stage.LIMIT, "the %s's image data lie in more than %d parts".formatted(format, MOST));
      }
      parts.add(new Part(bytes, from, end - from));
      from = at;
    }
    end = at + length;
  }

  List<Part> list() {
    List<Part> all = new ArrayList<>(parts);
    all.add(new Part(bytes, from, end - from));
    return all;
  }
}
