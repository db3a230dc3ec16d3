package io.tagstream.model.engine.towers;

import io.tagstream.model.engine.Workers;
import io.tagstream.model.network.Towers;
import java.util.List;

/** The threads of a network's two towers, one of them the calling thread, and their link. */
public final class TowerPair implements AutoCloseable {
  private final List<TowerLink> links = TowerLink.pair();
  private final Workers threads = new Workers("tower", Towers.COUNT);

  @FunctionalInterface
  public interface Work {
    void run(int tower);
  }

  /** A tower's end of the link, by its index. */
  public TowerLink link(int tower) {
    return links.get(tower);
  }

  /**
   * Runs both towers and returns when both have ended. If one fails, the other fails at its next
   * call of the link, and the pair cannot be used again.
   *
   * @throws IllegalStateException if a tower failed; message and cause are those of the first
   *     failure
   */
  public void run(Work work) {
    try {
      threads.run(Towers.COUNT, (thread, tower) -> runOrCut(work, tower));
    } catch (RuntimeException | Error e) {
      // The other tower failed only because this one did.
      Throwable first = links.get(0).failure().orElse(e);
      if (first instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException("a tower failed: " + first.getMessage(), first);
    }
  }

  private void runOrCut(Work work, int tower) {
    try {
      work.run(tower);
    } catch (RuntimeException | Error e) {
      links.get(tower).cut(e);
      throw e;
    }
  }

  @Override
  public void close() {
    threads.close();
  }
}
