package io.tagstream.model.training;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.ImagePrefetcher.Read;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Prints the images per second of the full-size training step, alternately on photos that are
 * decoded and augmented concurrently and on one repeated batch; each number is the median of its
 * rounds. {@code mvn -pl model -am test -Plong -Dsurefire.heap=4g -Dtest=FeedBenchmark
 * -Dsurefire.failIfNoSpecifiedTests=false}
 */
@Tag("long")
class FeedBenchmark {
  private static final int TURNS = Integer.getInteger("turns", 7);
  private static final int STEPS = 12;
  private static final int BATCH = 32;

  @Test
  void printPhotosAgainstOneBatch() {
    Path root = Path.of("").toAbsolutePath().getParent();
    Path flowers = root.resolveSibling("shared/data/flowers/train");
    assumeTrue(Files.isDirectory(flowers), "no photos in " + flowers);
    Dataset photos = FolderDataset.list(flowers);
    NetworkDescription network = NetworkDescription.alexNet(photos.labels().size());
    Preprocessing preprocessing = Preprocessing.tagstream(network.inputSize());
    int bytes = network.inputSize() * network.inputSize() * 3;
    int[] classes = photos.images().stream().mapToInt(LabelledImage::classIndex).toArray();
    TrainingFeed.Source source =
        new TrainingFeed.Source(
            photos.images(),
            new EpochPlan(classes, new BitSet(), 48_000, 1),
            Recipe.SMALL_DATA.augmentation(),
            PrincipalColors.of(new double[3][3]),
            preprocessing,
            1);
    TrainingStep.Setup setup =
        new TrainingStep.Setup(
            Initialisation.HE.draw(network, 1),
            preprocessing,
            network.parameters().stream().map(Parameter::name).collect(Collectors.toSet()),
            Recipe.SMALL_DATA.optimizer(),
            Recipe.SMALL_DATA.labelSmoothing(),
            Recipe.SMALL_DATA.averaging(),
            BATCH,
            3L << 30,
            1,
            Runtime.getRuntime().availableProcessors());
    try (TrainingFeed feed = new TrainingFeed(source, 0, 1, 2 * BATCH);
        TrainingStep step = new DirectTrainingStep(setup)) {
      List<Read<byte[]>> same = feed.next(BATCH);
      List<Double> ofPhotos = new ArrayList<>();
      List<Double> ofOneBatch = new ArrayList<>();
      for (int turn = 0; turn <= TURNS; turn++) {
        double photo = imagesPerSecond(step, feed, List.of(), bytes);
        double repeated = imagesPerSecond(step, feed, same, bytes);
        if (turn > 0) {
          ofPhotos.add(photo);
          ofOneBatch.add(repeated);
        }
      }
      System.out.printf(
          "batch %d: photos %.1f images/s, one batch %.1f, ratio %.3f%n",
          BATCH, median(ofPhotos), median(ofOneBatch), median(ofPhotos) / median(ofOneBatch));
    }
  }

  /**
   * Measures some steps.
   *
   * @param same the batch to repeat; empty for the feed's
   */
  private static double imagesPerSecond(
      TrainingStep step, TrainingFeed feed, List<Read<byte[]>> same, int bytes) {
    long begin = System.nanoTime();
    for (int i = 0; i < STEPS; i++) {
      List<Read<byte[]>> batch = same.isEmpty() ? feed.next(BATCH) : same;
      step.step(
          new CropBatch(batch.stream().map(Read::value).toList(), 1, bytes),
          batch.stream().mapToInt(read -> read.image().classIndex()).toArray(),
          1e-4);
    }
    return STEPS * BATCH / ((System.nanoTime() - begin) / 1e9);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }
}
