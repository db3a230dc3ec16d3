package io.tagstream.model.engine.onednn;

import io.tagstream.model.Throttle;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.Output;
import io.tagstream.model.engine.Processors;
import io.tagstream.model.engine.towers.TowerLink;
import io.tagstream.model.engine.towers.TowerPair;
import io.tagstream.model.network.DeviceShare;
import io.tagstream.model.network.Towers;
import io.tagstream.model.network.Weights;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A network's weights in two towers, each half for a thread or several of its own. */
public final class TowerWeights implements DeviceWeights {
  private final int threads;
  private final List<OneDnnWeights> towers = new ArrayList<>();

  /**
   * Copies the weights, on one processor; the given ones are not used afterwards.
   *
   * @param threads of each pass, half of them a tower's, at least one
   * @param throttle asked for pauses
   * @throws IllegalArgumentException when the network cannot be halved, with the layer
   */
  public TowerWeights(
      Weights weights, Normalization normalization, int threads, Throttle throttle) {
    this.threads = threads;
    List<DeviceShare> shares = DeviceShare.towers(weights.network());
    try {
      for (DeviceShare share : shares) {
        towers.add(new OneDnnWeights(share, weights, normalization, each(threads), throttle));
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private static int each(int threads) {
    return Math.max(1, threads / Towers.COUNT);
  }

  /** A pass through both towers. */
  public final class TowerForward implements Forward {
    private final TowerPair pair = new TowerPair();
    private final List<OneDnnForward> passes = new ArrayList<>();

    private TowerForward(int maxBatch) {
      try {
        for (OneDnnWeights tower : towers) {
          TowerLink own = pair.link(tower.share().index());
          passes.add(tower.newForward(maxBatch, Optional.of(own)));
        }
      } catch (RuntimeException | Error e) {
        close();
        throw e;
      }
    }

    @Override
    public FloatBuffer run(CropBatch batch, Output output) {
      FloatBuffer[] rows = new FloatBuffer[passes.size()];
      int own = each(Processors.share(threads));
      pair.run(tower -> rows[tower] = passes.get(tower).run(batch, output, own));
      return rows[0];
    }

    /**
     * What each tower took from the other since the last call, in bytes by the layer that waited
     * for it.
     */
    public Map<String, Long> takeExchangedBytes() {
      return pair.link(0).takeReceivedBytes();
    }

    @Override
    public void close() {
      passes.forEach(Forward::close);
      pair.close();
    }
  }

  @Override
  public TowerForward newForward(int maxBatch) {
    return new TowerForward(maxBatch);
  }

  @Override
  public void close() {
    towers.forEach(DeviceWeights::close);
  }
}
