package io.tagstream.job.retrain;

import io.tagstream.job.flow.RetrainRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Requests that no run has taken, in the order in which they came, each id once. They are bounded:
 * the next run answers all of them alike, and each stands in the state and in the run's manifest.
 */
final class WaitingRequests {
  static final int MOST = 1000;

  private final Map<String, RetrainRequest> byId = new LinkedHashMap<>();

  /**
   * Adds a request unless one of its id waits, or so many do that one more changes nothing.
   *
   * @return whether it was added
   */
  boolean add(RetrainRequest request) {
    return byId.size() < MOST && byId.putIfAbsent(request.id(), request) == null;
  }

  boolean isFull() {
    return byId.size() >= MOST;
  }

  /** Forgets those that a run answers. */
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
