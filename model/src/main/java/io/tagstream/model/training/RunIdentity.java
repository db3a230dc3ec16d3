package io.tagstream.model.training;

import io.tagstream.model.network.NetworkDescription;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What decides a run's weights, and what it measures on: a run goes on only from a checkpoint of
 * the same.
 *
 * @param format of the checkpoint and of this record
 * @param training the SHA-256 that stands for images and classes to learn from
 * @param heldOut the SHA-256 that stands for those to measure with
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
