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

/**
 * A folder with a folder for each class: every second image is for training, the others are
 * forStream.
 */
final class LabelledFiles implements DemoImages {
  /** With more, a newcomer would wait minutes for the first model. */
  private static final int MOST_TRAINING = 1000;

  private final Path folder;
  private final Dataset training;
  private final Dataset all;
  private final List<LabelledImage> stream;

  /**
   * @param all the images below the folder, with their paths as ids
   */
  LabelledFiles(Path folder, Dataset all, long seed) {
    this.folder = folder;
    this.all = all;
    List<LabelledImage> forTraining = new ArrayList<>();
    List<LabelledImage> forStream = new ArrayList<>();
    for (int i = 0; i < all.images().size(); i++) {
      (i % 2 == 0 ? forTraining : forStream).add(all.images().get(i));
    }
    Collections.shuffle(forStream, new Random(seed));
    this.stream = forStream;
    this.training = new Dataset(all.description(), all.labels(), sample(forTraining));
  }

  /** An even sample of all classes, since the images are sorted by class. */
  private static List<LabelledImage> sample(List<LabelledImage> images) {
    int step = (images.size() + MOST_TRAINING - 1) / MOST_TRAINING;
    List<LabelledImage> sample = new ArrayList<>();
    for (int i = 0; i < images.size(); i += Math.max(1, step)) {
      sample.add(images.get(i));
    }
    return sample;
  }

  @Override
  public String description() {
    return "%d images in %d classes of %s"
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
  public Image image(long number, String id) throws IOException {
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
