package io.tagstream.model.engine;

import java.util.List;

/**
 * What a training holds outside the heap on one device, in bytes.
 *
 * @param rows the crops, then the layers, first to last
 * @param workspace what the layers use in turn: the dense layers' gradients tile by tile, and the
 *     library's copies while an op runs
 */
public record TrainingMemory(List<Row> rows, long workspace) {
  /**
   * A layer's.
   *
   * @param weights and biases
   * @param gradients of the weights, where they are kept over the batch
   * @param optimizer what is kept for each weight beside it: the optimizer's numbers, its average
   * @param activations maps and units of all crops that the way back needs, and slopes
   */
  public record Row(String layer, long weights, long gradients, long optimizer, long activations) {
    public long total() {
      return weights + gradients + optimizer + activations;
    }
  }

  public TrainingMemory {
    rows = List.copyOf(rows);
  }

  public long total() {
    return rows.stream().mapToLong(Row::total).sum() + workspace;
  }
}
