package io.tagstream.job.retrain;

import io.tagstream.job.flow.RetrainRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Requests that no run has answered, in order of arrival, each id once. Their number is bounded,
 * because each is stored in the state and in the run's manifest, and the next run answers all of
 * them.
 */
final class WaitingRequests {
  static final int MAX_WAITING = 1000;

  private final Map<String, RetrainRequest> byId = new LinkedHashMap<>();

  /**
   * Adds a request unless one with its id waits or the bound is reached.
   *
   * @return whether it was added
   */
  boolean add(RetrainRequest request) {
    return byId.size() < MAX_WAITING && byId.putIfAbsent(request.id(), request) == null;
  }

  boolean isFull() {
    return byId.size() >= MAX_WAITING;
  }

  /** Removes the requests that a run answers. */
  void removeAll(Set<String> ids) {
    byId.keySet().removeAll(ids);
  }

  List<RetrainRequest> all() {
    return List.copyOf(byId.values());
  }

  int size() {
    return byId.size();
  }
}
