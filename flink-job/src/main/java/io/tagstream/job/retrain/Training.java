package io.tagstream.job.retrain;

import io.tagstream.model.store.RetrainStatus;
import io.tagstream.model.store.Verdict;
import io.tagstream.trainingstore.RetrainRun;
import java.io.Serializable;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Trains and judges a run's version. */
public interface Training extends Serializable {

  /** The verdict on a run's version; empty while the version does not exist. */
  Optional<Verdict> judged(RetrainRun run);

  /**
   * Trains on the files that a run's manifest names, resuming from the run's last checkpoint if
   * there is one, compares the result with the live version and writes it into the model store
   * under the run's version.
   *
   * @param progress receives each step, on the thread that trains
   * @param cancelled checked before each step, and for each image that is read or measured
   * @throws CancellationException when {@code cancelled} returned true
   * @throws Exception when no version was written: the images are not sufficient to train on, the
   *     disk is full
   */
  Verdict train(
      RetrainRun run, Consumer<RetrainStatus.Progress> progress, BooleanSupplier cancelled)
      throws Exception;
}
