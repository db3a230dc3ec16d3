package io.tagstream.model.training;

import io.tagstream.model.network.NetworkDescription;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that determines a run's weights and measurements: a run resumes only from a checkpoint with
 * an equal identity.
 *
 * @param format the version of the checkpoint and of this record
 * @param training a SHA-256 over the training images and their classes
 * @param heldOut a SHA-256 over the held-out images and their classes
 */
record RunIdentity(
    int format,
    String recipe,
    Map<String, String> hyperParameters,
    long seed,
    NetworkDescription network,
    Optional<String> parent,
    List<String> labels,
    String training,
    String heldOut) {

  static final int FORMAT = 1;
}
