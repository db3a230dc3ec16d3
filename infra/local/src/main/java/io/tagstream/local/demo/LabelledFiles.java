package io.tagstream.local.demo;

import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.LabelledImage;
import io.tagstream.producers.ImageFile;
import io.tagstream.schemas.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** A folder with a folder per class: every other picture is learned from, the rest streams. */
final class LabelledFiles implements Pictures {
  /** More would make a newcomer wait for minutes. */
  private static final int MOST_TRAINING = 1000;

  private final Path folder;
  private final Dataset training;
  private final Dataset all;
  private final List<LabelledImage> stream;

  /**
   * @param all the pictures below a folder, named by their paths
   */
  LabelledFiles(Path folder, Dataset all, long seed) {
    this.folder = folder;
    this.all = all;
    List<LabelledImage> learned = new ArrayList<>();
    List<LabelledImage> streamed = new ArrayList<>();
    for (int i = 0; i < all.images().size(); i++) {
      (i % 2 == 0 ? learned : streamed).add(all.images().get(i));
    }
    Collections.shuffle(streamed, new Random(seed));
    this.stream = streamed;
    this.training = new Dataset(all.description(), all.labels(), some(learned));
  }

  /** Evenly out of all classes, which lie one after the other. */
  private static List<LabelledImage> some(List<LabelledImage> images) {
    int step = (images.size() + MOST_TRAINING - 1) / MOST_TRAINING;
    List<LabelledImage> some = new ArrayList<>();
    for (int i = 0; i < images.size(); i += Math.max(1, step)) {
      some.add(images.get(i));
    }
    return some;
  }

  @Override
  public String description() {
    return "%d pictures in %d classes of %s"
        .formatted(all.images().size(), all.labels().size(), all.description());
  }

  @Override
  public List<String> labels() {
    return all.labels();
  }

  @Override
  public Optional<Dataset> training() {
    return Optional.of(training);
  }

  @Override
  public Image picture(long number, String id) throws IOException {
    LabelledImage image = stream.get((int) (number % stream.size()));
    Image record = new ImageFile(folder.resolve(image.id()), image.id()).read(id);
    record.setLabel(all.labels().get(image.classIndex()));
    return record;
  }

  @Override
  public String name(long number) {
    long round = number / stream.size();
    String id = stream.get((int) (number % stream.size())).id();
    return round == 0 ? id : "%s#%d".formatted(id, round + 1);
  }
}
