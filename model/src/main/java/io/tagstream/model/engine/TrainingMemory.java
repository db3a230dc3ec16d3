package io.tagstream.model.engine;

import java.util.List;

/**
 * The memory that a training holds outside the heap on one device, in bytes.
 *
 * @param rows the crops, then the layers, first to last
 * @param workspace memory that the layers use in turn: the dense layers' gradients, tile by tile,
 *     and the library's copies while an op runs
 */
public record TrainingMemory(List<Row> rows, long workspace) {
  /**
   * A layer's memory.
   *
   * @param weights and biases
   * @param gradients of the weights, if they are kept over the batch
   * @param optimizer the optimizer's state and the average of each weight
   * @param activations the maps and units of all crops that the backward pass needs, and their
   *     gradients
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
