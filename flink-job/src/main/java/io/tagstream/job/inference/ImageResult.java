package io.tagstream.job.inference;

import io.tagstream.job.flow.Tag;
import java.util.List;

/** What the engine computed for one image of a batch. */
sealed interface ImageResult {

  /**
   * The image was computed.
   *
   * @param best the best classes, best first, as {@link BestTags#of} returns them
   */
  record Tags(List<Tag> best) implements ImageResult {}

  /**
   * The engine fails on this image alone.
   *
   * @param reason the cause, readable for a person
   */
  record Failure(String reason) implements ImageResult {}
}
