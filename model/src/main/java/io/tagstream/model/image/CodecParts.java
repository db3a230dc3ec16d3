package io.tagstream.model.image;

import io.tagstream.model.image.CodecFile.Part;
import io.tagstream.model.image.UnreadableImageException.Stage;
import java.util.ArrayList;
import java.util.List;

/** Collects what a codec is given of a file. Neighbours are one part. */
final class CodecParts {
  /** A picture whose metadata lies in as many places is none; parts take memory. */
  private static final int MOST = 10_000;

  private final ImageFormat format;
  private final EncodedBytes bytes;
  private final List<Part> parts = new ArrayList<>();

  // The part that may still grow.
  private int from;
  private int end;

  CodecParts(ImageFormat format, EncodedBytes bytes) {
    this.format = format;
    this.bytes = bytes;
  }

  /**
   * Adds the file's next part.
   *
   * @throws UnreadableImageException where there are too many
   */
  void add(int at, int length) throws UnreadableImageException {
    if (at != end) {
      if (parts.size() == MOST - 1) {
        throw new UnreadableImageException(
            Stage.LIMIT, "the %s's picture lies in more than %d parts".formatted(format, MOST));
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
