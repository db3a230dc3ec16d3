package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.towers.TowerLink;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.DeviceShare;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Normalises a tower's maps together with the adjacent maps of the other tower. The wide maps are
 * the tower's own and, next to them, twice as many of the other tower's as the normalisation reads:
 * in the backward pass the maps that it reads need their own neighbours.
 */
final class TowerNormalization implements AutoCloseable {
  private final Convolution own;
  private final Convolution wide;
  private final int neighbours;
  private final TowerLink link;

  /** {@code [crops][side][side][wide channels]}, the output of the activation function. */
  private final INDArray maps;

  /** One chunk: of normalised maps in the forward pass, of their gradient in the backward pass. */
  private final INDArray scratch;

  private TowerNormalization(
      Convolution own, int neighbours, TowerLink link, int side, int capacity, int chunk) {
    this.own = own;
    this.neighbours = neighbours;
    this.link = link;
    wide = own.withChannels(wideChannels(own, neighbours));
    maps = DirectWeights.allocate(capacity, side, side, wide.channels());
    scratch = DirectWeights.allocate(chunk, side, side, wide.channels());
  }

  /**
   * The normalisation after a convolution; empty if it does not read the other tower's maps.
   *
   * @param convolution its index
   * @param side of the maps before pooling
   * @param capacity crops whose maps are kept
   */
  static Optional<TowerNormalization> of(
      DeviceShare share, int convolution, TowerLink link, int side, int capacity, int chunk) {
    Convolution own = share.convolutions().get(convolution);
    return share
        .neighbours(convolution)
        .map(seen -> new TowerNormalization(own, seen, link, side, capacity, chunk));
  }

  private static int wideChannels(Convolution own, int neighbours) {
    return own.channels() + Math.min(own.channels(), 2 * neighbours);
  }

  /** The channels of the wide maps beyond the tower's own; 0 if the other tower's are not read. */
  static int extraChannels(DeviceShare share, int convolution) {
    Convolution own = share.convolutions().get(convolution);
    return share
        .neighbours(convolution)
        .map(seen -> wideChannels(own, seen) - own.channels())
        .orElse(0);
  }

  /** The convolution, with the channels of the wide maps. */
  Convolution wide() {
    return wide;
  }

  /** The wide maps of the crops that {@link #normalize} has computed. */
  INDArray maps() {
    return maps;
  }

  /** Index of the tower's first channel in the wide maps. */
  int ownFrom() {
    return link.ownFrom(own.channels(), wide.channels());
  }

  /**
   * Prepares the normalisation of some crops.
   *
   * @param at index of the first crop in the arrays
   */
  Runnable normalize(INDArray activations, INDArray normalized, int at, int size) {
    BoundOp op =
        BoundOp.normalization(
            DirectWeights.rows(maps, at, size),
            DirectWeights.rows(scratch, 0, size),
            own.normalization().orElseThrow());
    int rows = rows(size);
    return () -> {
      link.widen(
          own.name() + " lrn",
          rows,
          DirectWeights.buffer(activations, at, size),
          wide.channels() - own.channels(),
          DirectWeights.buffer(maps, at, size));
      op.run();
      link.narrow(
          rows, DirectWeights.buffer(scratch, 0, size), DirectWeights.buffer(normalized, at, size));
    };
  }

  /** Puts the other tower's gradient by the adjacent maps next to a chunk's own gradient. */
  INDArray widen(INDArray gradient, int size) {
    link.widen(
        own.name() + " lrn",
        rows(size),
        DirectWeights.buffer(gradient, 0, size),
        neighbours,
        DirectWeights.buffer(scratch, 0, size));
    return scratch;
  }

  /** Extracts the tower's own part of a chunk's wide gradient. */
  void narrow(INDArray gradient, int size) {
    link.narrow(
        rows(size),
        DirectWeights.buffer(scratch, 0, size),
        DirectWeights.buffer(gradient, 0, size));
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
