package io.tagstream.benchmarks.engines;

import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.ModelException;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.FolderDataset;
import io.tagstream.model.training.Judge;
import io.tagstream.model.training.Quantizer;
import io.tagstream.model.training.Trainer;
import io.tagstream.model.training.TrainingOptions;
import io.tagstream.model.training.TrainingProgress;
import io.tagstream.model.training.TrainingResources;
import io.tagstream.model.training.TrainingTask;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Measures how often int8 predicts the same class as fp32: trains on four fifths of the images for
 * a few minutes, quantizes, and compares on the other fifth. The images must be in a folder for
 * each class.
 */
public final class IntegerAgreement implements Probe {
  /** The share of the held-out images for which both predict the same class. */
  public static final String SHARE = "share of the same answers";

  public static final String IMAGES = "pictures";

  private static final int IMAGE_STEPS = 9600;

  /** A slower machine trains this long, with fewer images. */
  private static final Duration LONGEST = Duration.ofMinutes(6);

  private static final long SEED = 1;

  /** Whether the images are in a folder for each class. */
  public static boolean isPossible(String images) {
    try {
      return FolderDataset.list(Path.of(images)).labels().size() > 1;
    } catch (ModelException noFolders) {
      return false;
    }
  }

  @Override
  public Map<String, Double> measure(ProbeTask task) {
    Dataset dataset = FolderDataset.list(Path.of(task.photos()));
    ModelStore store = Engines.store(task.newFolder());
    TrainingResources resources = TrainingResources.all();
    String floats =
        new Trainer(store, DirectTrainingStep::new, resources)
            .train(
                TrainingTask.of(
                    dataset,
                    Optional.empty(),
                    TrainingOptions.defaults(SEED).within(IMAGE_STEPS, LONGEST)),
                TrainingProgress.SILENT)
            .bundle()
            .version();
    Quantizer.Result result =
        new Quantizer(store, resources.threads(), Judge.NONE)
            .quantize(floats, dataset, TrainingProgress.SILENT);
    return Map.of(
        SHARE, (double) result.agreeing() / result.compared(), IMAGES, (double) result.compared());
  }
}
