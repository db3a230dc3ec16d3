package io.tagstream.job.retrain;

import io.tagstream.model.store.LiveChange;
import io.tagstream.model.store.RetrainStatus;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The versions in the model store, as retraining uses them. Calls block; a task's thread makes
 * none.
 */
public interface ModelVersions extends Serializable {
  String live();

  /**
   * What a quick check finds wrong with the live version, and how to repair it; empty when a run
   * may start from it.
   */
  Optional<String> damage();

  /**
   * What is wrong with any version, found by reading and verifying the whole bundle.
   *
   * @param version the parent of a run, or the live one
   */
  Optional<String> damageIn(String version);

  /** A version's labels in class order. */
  List<String> labels(String version);

  Set<String> versions();

  /**
   * Protects versions from deletion until the next call or {@link #release}, instead of those of
   * the previous call. Does nothing if they are the same.
   */
  void hold(Set<String> versions);

  /** Ends the protection of the held versions. */
  void release();

  /** All changes of the live version, oldest first. */
  List<LiveChange> history();

  /** The change that made the live version live; empty when the store has no record of it. */
  Optional<LiveChange> lastChange();

  /**
   * Verifies a version and makes it live.
   *
   * @param by who promotes it
   * @param instead the version that must be live until then
   * @return false, with nothing changed, if another version than {@code instead} is live
   */
  boolean promote(String version, String by, String instead);

  /**
   * Deletes the versions beyond the number that the store keeps.
   *
   * @return the deleted versions
   */
  List<String> prune();

  /** Deletes the files from which a version's training would resume. */
  void forget(String version);

  /** A name for a new version, which sorts after all existing ones. */
  String newVersion();

  /** The top-1 accuracy on held-out images that a version's metadata states, 0 to 1. */
  Optional<Double> heldOutTop1(String version);

  /** Publishes the status of retraining for other processes. */
  void show(RetrainStatus status) throws IOException;
}
