package io.tagstream.local.demo;

import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.producers.drawn.DrawnScene;
import io.tagstream.producers.drawn.DrawnScenes;
import io.tagstream.schemas.Image;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Drawn scenes: a fixed training set, and a different stream in each run. */
final class DrawnImages implements DemoImages {
  /** Small, so that the stream can improve the model; a fifth of it is held out. */
  private static final int TRAINING = 200;

  private static final long TRAINING_SEED = 1;

  private final Path folder;
  private final DrawnScenes scenes;

  /**
   * @param folder where the training images are written
   * @param seed of the stream; should differ between runs
   */
  DrawnImages(Path folder, long seed) {
    this.folder = folder;
    this.scenes = new DrawnScenes(seed);
  }

  @Override
  public String description() {
    return "drawn scenes";
  }

  @Override
  public List<String> labels() {
    return DrawnScenes.LABELS;
  }

  @Override
  public Optional<Dataset> training() {
    DrawnScenes training = new DrawnScenes(TRAINING_SEED);
    try {
      for (int number = 0; number < TRAINING; number++) {
        DrawnScene scene = training.scene(number);
        Path file = folder.resolve(scene.label()).resolve("scene-%03d.jpg".formatted(number));
        Files.createDirectories(file.getParent());
        try (FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
          channel.write(scene.jpeg());
        }
      }
    } catch (IOException e) {
      throw new UserException("cannot write images to %s: %s".formatted(folder, e), e);
    }
    return Optional.of(FolderDataset.list(folder));
  }

  @Override
  public Image image(long number, String id) {
    DrawnScene scene = scenes.scene(number);
    return Image.newBuilder()
        .setId(id)
        .setContent(scene.jpeg())
        .setContentType("image/jpeg")
        .setCapturedAt(Instant.now())
        .setLabel(scene.label())
        .build();
  }

  @Override
  public String name(long number) {
    return "scene-%05d".formatted(number);
  }
}
