package io.tagstream.job.retrain;

import io.tagstream.job.flow.ModelNews;
import io.tagstream.model.store.RetrainStatus;
import java.io.Serializable;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Makes and judges a run's version. */
public interface Training extends Serializable {

  /**
   * Trains on what a run's manifest names, from the run's last checkpoint if there is one, judges
   * the result against the live version and writes it into the model store under the run's name.
   * Where the version is there already, only says how it was judged.
   *
   * @param progress hears of each step, on the thread that trains
   * @param cancelled to be asked before each step
   * @throws CancellationException when that said so
   * @throws Exception when there is no version: the images are no training set, the disk is full
   */
  Judged train(Run run, Consumer<RetrainStatus.Progress> progress, BooleanSupplier cancelled)
      throws Exception;

  /** What the gate says. */
  enum Decision {
    PROMOTE,
    /** No better than the version it was compared with, which stays. */
    NO_GAIN,
    REJECT
  }

  /**
   * A version and what the gate says of it.
   *
   * @param incumbent the version it was compared with
   * @param summary for a person: both scores and what decided
   * @param judgement all of it, for model-updates
   */
  record Judged(
      Decision decision,
      String incumbent,
      String summary,
      Optional<ModelNews.Judgement> judgement) {
    public Judged {
      Objects.requireNonNull(decision);
      Objects.requireNonNull(incumbent);
      Objects.requireNonNull(summary);
      Objects.requireNonNull(judgement);
    }
  }
}
