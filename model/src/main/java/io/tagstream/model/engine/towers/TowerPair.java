package io.tagstream.model.engine.towers;

import io.tagstream.model.engine.Workers;
import io.tagstream.model.network.Towers;
import java.util.List;

/** The threads of a network's two towers, of which the calling one is the first, and their link. */
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
   */
  public void run(Work work) {
    threads.run(Towers.COUNT, (thread, tower) -> runOrCut(work, tower));
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
