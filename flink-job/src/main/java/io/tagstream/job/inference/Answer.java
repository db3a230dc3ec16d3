package io.tagstream.job.inference;

import io.tagstream.job.flow.Tag;
import java.util.List;

/** What an engine made of one image of a batch. */
sealed interface Answer {

  /**
   * It answered.
   *
   * @param best as {@link BestTags} has them
   */
  record Tags(List<Tag> best) implements Answer {}

  /**
   * It fails on this image, and on no other.
   *
   * @param reason why, for a person
   */
  record None(String reason) implements Answer {}
}
