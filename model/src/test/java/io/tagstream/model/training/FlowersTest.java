package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.image.TestPictures;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("long")
class FlowersTest {

  /**
   * Trains the last layer on untrained layers: with 250 photos and five classes (20 % by chance),
   * 60 % were measured (one standard error is 3 points).
   */
  @Test
  void untrainedFeaturesTellFlowersApart(@TempDir Path folder) {
    assumeTrue(
        TestPictures.flowers().isPresent(),
        "skipped: no ../shared/data/flowers beside the project's root");
    Dataset photos = FolderDataset.list(TestPictures.flowers().get().resolve("val"));
    TrainingResult result =
        new Trainer(new ModelStore(folder), DirectTrainingStep::new, TrainingResources.all())
            .train(
                TrainingTask.of(
                    half(photos, 0),
                    Optional.of(half(photos, 1)),
                    TrainingOptions.defaults(1).withFreezeTo(FreezeTo.FC7)),
                TrainingProgress.SILENT);
    assertThat(result.trainingImages()).isEqualTo(250);
    assertThat(result.validation().orElseThrow().images()).isEqualTo(250);
    assertThat(result.validation().get().top1()).isBetween(0.5, 0.7);
  }

  private static Dataset half(Dataset photos, int which) {
    List<LabelledImage> images = photos.images();
    return new Dataset(
        photos.description(),
        photos.labels(),
        IntStream.range(0, images.size())
            .filter(i -> i % 2 == which)
            .mapToObj(images::get)
            .toList());
  }
}
