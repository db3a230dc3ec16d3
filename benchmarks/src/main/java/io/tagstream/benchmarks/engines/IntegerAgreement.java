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
 * Whether integers answer as floats do: trains on four fifths of the pictures for a few minutes,
 * quantizes, and compares on the fifth. The pictures lie in a folder per class.
 */
public final class IntegerAgreement implements Probe {
  /** The share of the held-out pictures to which both give the same answer. */
  public static final String SHARE = "share of the same answers";

  public static final String PICTURES = "pictures";

  private static final int IMAGE_STEPS = 9600;

  /** A slower machine trains for as long with fewer. */
  private static final Duration LONGEST = Duration.ofMinutes(6);

  private static final long SEED = 1;

  /** Whether the pictures have labels to learn. */
  public static boolean isPossible(String pictures) {
    try {
      return FolderDataset.list(Path.of(pictures)).labels().size() > 1;
    } catch (ModelException noFolders) {
      return false;
    }
  }

  @Override
  public Map<String, Double> measure(ProbeTask task) {
    Dataset pictures = FolderDataset.list(Path.of(task.photos()));
    ModelStore store = Engines.store(task.newFolder());
    TrainingResources resources = TrainingResources.all();
    String floats =
        new Trainer(store, DirectTrainingStep::new, resources)
            .train(
                TrainingTask.of(
                    pictures,
                    Optional.empty(),
                    TrainingOptions.defaults(SEED).within(IMAGE_STEPS, LONGEST)),
                TrainingProgress.SILENT)
            .bundle()
            .version();
    Quantizer.Result result =
        new Quantizer(store, resources.threads(), Judge.NONE)
            .quantize(floats, pictures, TrainingProgress.SILENT);
    return Map.of(
        SHARE,
        (double) result.agreeing() / result.compared(),
        PICTURES,
        (double) result.compared());
  }
}
