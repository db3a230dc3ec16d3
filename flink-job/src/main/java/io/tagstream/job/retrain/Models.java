package io.tagstream.job.retrain;

import io.tagstream.model.store.LiveChange;
import io.tagstream.model.store.RetrainStatus;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The model store as the retraining sees it. Never called on a task's thread. */
public interface Models extends Serializable {

  /** The live version. */
  String live();

  /**
   * What is wrong with the live version as far as can be told at once, and what mends it; empty
   * when a run may begin from it.
   */
  Optional<String> damage();

  /**
   * The same for any version, which is read as a whole.
   *
   * @param version the parent of a run, or the live one
   */
  Optional<String> damageIn(String version);

  /** A version's labels in class order. */
  List<String> labels(String version);

  /** All versions. */
  Set<String> versions();

  /**
   * Keeps versions from being deleted, in place of those of the call before, until the next or
   * {@link #release}. Does nothing where they are the same.
   */
  void hold(Set<String> versions);

  /** Lets go of what is held. */
  void release();

  /** All changes of the live version, oldest first. */
  List<LiveChange> history();

  /** The change that made the live version live; empty when the store does not say. */
  Optional<LiveChange> lastChange();

  /**
   * Makes a version live, once it verifies.
   *
   * @param by who wants it
   * @param instead the version that is to be live until then
   * @return whether it was; else nothing has changed
   */
  boolean promote(String version, String by, String instead);

  /**
   * Deletes the versions that the store has too many of.
   *
   * @return those it deleted
   */
  List<String> prune();

  /** Removes what a version's training left for its continuation. */
  void forget(String version);

  /** A name later than every version's. */
  String newVersion();

  /** The top-1 accuracy on held-out images that a version was written with. */
  Optional<Double> heldOutTop1(String version);

  /** Shows other processes how the retraining stands. */
  void show(RetrainStatus status) throws IOException;
}
