package io.tagstream.local.demo;

import io.tagstream.model.training.Dataset;
import io.tagstream.schemas.Image;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * What a demo shows: pictures without end and, where their labels are known, some to learn from.
 */
interface Pictures {

  /** Where they come from, in a few words. */
  String description();

  /** What can be learned from them; empty where labels are not known. */
  List<String> labels();

  /** Pictures to learn from, none of which is streamed; empty where labels are not known. */
  Optional<Dataset> training();

  /**
   * A picture of the stream.
   *
   * @param number from 0
   * @param id the record's, which says more than the number
   * @throws IOException when its file cannot be read
   */
  Image picture(long number, String id) throws IOException;

  /** What the picture is called. */
  String name(long number);
}
