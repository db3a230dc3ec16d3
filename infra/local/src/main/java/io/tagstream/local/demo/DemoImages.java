package io.tagstream.local.demo;

import io.tagstream.model.training.Dataset;
import io.tagstream.schemas.Image;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The images of a demo: an endless stream and, if labels are known, a training set. */
interface DemoImages {

  /** Where the images come from, for messages. */
  String description();

  /** The classes; empty if labels are not known. */
  List<String> labels();

  /** The training set, whose images are not streamed; empty if labels are not known. */
  Optional<Dataset> training();

  /**
   * Reads or draws an image of the stream.
   *
   * @param number from 0
   * @param id the record's id
   * @throws IOException when its file cannot be read
   */
  Image image(long number, String id) throws IOException;

  /** The image's name, unique in the stream. */
  String name(long number);
}
