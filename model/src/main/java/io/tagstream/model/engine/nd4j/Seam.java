package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.towers.TowerLink;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.DeviceShare;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Where a tower's maps are normalised together with the other's next to them. The own maps get the
 * neighbours' beside them, twice as many as the normalisation sees: on the way back the ones that
 * it sees need their own neighbours.
 */
final class Seam implements AutoCloseable {
  private final Convolution own;
  private final Convolution wide;
  private final int neighbours;
  private final TowerLink link;

  /** {@code [crops][side][side][wide channels]}, of the sums after the activation. */
  private final INDArray maps;

  /** A chunk's, of the normalised maps forward, of the slopes back. */
  private final INDArray scratch;

  private Seam(Convolution own, int neighbours, TowerLink link, int side, int capacity, int chunk) {
    this.own = own;
    this.neighbours = neighbours;
    this.link = link;
    wide = own.withChannels(wideChannels(own, neighbours));
    maps = DirectWeights.allocate(capacity, side, side, wide.channels());
    scratch = DirectWeights.allocate(chunk, side, side, wide.channels());
  }

  /**
   * A tower's at a convolution.
   *
   * @param side of the maps before pooling
   * @param capacity crops whose maps are kept
   */
  static Optional<Seam> of(
      DeviceShare share, int convolution, TowerLink link, int side, int capacity, int chunk) {
    Convolution own = share.convolutions().get(convolution);
    return share
        .neighbours(convolution)
        .map(seen -> new Seam(own, seen, link, side, capacity, chunk));
  }

  private static int wideChannels(Convolution own, int neighbours) {
    return own.channels() + Math.min(own.channels(), 2 * neighbours);
  }

  /** How many channels there are more than the own ones; 0 where nothing is seen. */
  static int extraChannels(DeviceShare share, int convolution) {
    Convolution own = share.convolutions().get(convolution);
    return share
        .neighbours(convolution)
        .map(seen -> wideChannels(own, seen) - own.channels())
        .orElse(0);
  }

  /** The convolution with the channels that it is normalised with. */
  Convolution wide() {
    return wide;
  }

  /** Its maps, of the crops that {@link #normalize} had. */
  INDArray maps() {
    return maps;
  }

  /** Where the own channels begin among the wide ones. */
  int ownFrom() {
    return link.ownFrom(own.channels(), wide.channels());
  }

  /** Prepares the normalisation of some crops, from their position on. */
  Runnable normalize(INDArray sums, INDArray normalized, int at, int size) {
    Step step =
        Step.normalization(
            DirectWeights.rows(maps, at, size),
            DirectWeights.rows(scratch, 0, size),
            own.normalization().orElseThrow());
    int rows = rows(size);
    return () -> {
      link.widen(
          own.name() + " lrn",
          rows,
          DirectWeights.buffer(sums, at, size),
          wide.channels() - own.channels(),
          DirectWeights.buffer(maps, at, size));
      step.run();
      link.narrow(
          rows, DirectWeights.buffer(scratch, 0, size), DirectWeights.buffer(normalized, at, size));
    };
  }

  /** Gives a chunk's slopes by the own normalised maps those by the neighbours' beside them. */
  INDArray widen(INDArray slopes, int size) {
    link.widen(
        own.name() + " lrn",
        rows(size),
        DirectWeights.buffer(slopes, 0, size),
        neighbours,
        DirectWeights.buffer(scratch, 0, size));
    return scratch;
  }

  /** Takes a chunk's own slopes out again. */
  void narrow(INDArray slopes, int size) {
    link.narrow(
        rows(size), DirectWeights.buffer(scratch, 0, size), DirectWeights.buffer(slopes, 0, size));
  }

  private int rows(int crops) {
    return Math.toIntExact(crops * maps.size(1) * maps.size(2));
  }

  @Override
  public void close() {
    maps.close();
    scratch.close();
  }
}
