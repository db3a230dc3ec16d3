package io.tagstream.job.retrain;

import io.tagstream.model.store.RetrainStatus;
import io.tagstream.model.store.Verdict;
import io.tagstream.trainingstore.RetrainRun;
import java.io.Serializable;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Makes and judges a run's version. */
public interface Training extends Serializable {

  /** How a run's version was judged; empty while there is no such version. */
  Optional<Verdict> judged(RetrainRun run);

  /**
   * Trains on what a run's manifest names, from the run's last checkpoint if there is one, judges
   * the result against the live version and writes it into the model store under the run's name.
   *
   * @param progress hears of each step, on the thread that trains
   * @param cancelled to be asked before each step, and for each image that is read or measured
   * @throws CancellationException when that said so
   * @throws Exception when there is no version: the images are no training set, the disk is full
   */
  Verdict train(
      RetrainRun run, Consumer<RetrainStatus.Progress> progress, BooleanSupplier cancelled)
      throws Exception;
}
