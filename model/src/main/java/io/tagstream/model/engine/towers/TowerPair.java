package io.tagstream.model.engine.towers;

import io.tagstream.model.engine.Workers;
import io.tagstream.model.network.Towers;
import java.util.List;

/** The threads of a network's two towers, of which the calling one is one, and their link. */
public final class TowerPair implements AutoCloseable {
  private final List<TowerLink> links = TowerLink.pair();
  private final Workers threads = new Workers("tower", Towers.COUNT);

  /** What a tower does. */
  @FunctionalInterface
  public interface Work {
    void run(int tower);
  }

  /** A tower's end of the link, by its index. */
  public TowerLink link(int tower) {
    return links.get(tower);
  }

  /**
   * Has both towers work, and returns when both are done. When one fails the other fails at the
   * next meeting, and the towers are of no more use.
   *
   * @throws IllegalStateException when one failed, with why
   */
  public void run(Work work) {
    try {
      threads.run(Towers.COUNT, (thread, tower) -> runOrCut(work, tower));
    } catch (RuntimeException | Error e) {
      // The other tower's failure is only that there was nobody to meet.
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
