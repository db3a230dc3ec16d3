package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.Workers;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An array of trainable numbers, with the optimizer's state for them and their average. One pass
 * updates all of them, on heap copies of blocks: the JVM vectorises loops over arrays, not over
 * buffers.
 */
final class TrainedArray implements AutoCloseable {
  private static final int BLOCK = 2048;

  /** Numbers in a part, the unit of work of a worker. */
  private static final int PART = 32 * BLOCK;

  private final INDArray values;
  private final List<INDArray> states;
  private final Optional<INDArray> average;

  /** One step's update, which applies to all arrays of a training. */
  record Move(UpdateRule.Block block, float averageKept, Workers workers, List<Scratch> scratch) {}

  /** A worker's blocks. */
  static final class Scratch {
    private final float[] values = new float[BLOCK];
    private final float[] gradient = new float[BLOCK];
    private final float[] average = new float[BLOCK];
    private final float[][] states;

    Scratch(int states) {
      this.states = new float[states][BLOCK];
    }
  }

  /** States start at 0, the average at the values. */
  TrainedArray(INDArray values, int states, boolean averaged) {
    this.values = values;
    this.states =
        Stream.generate(() -> Nd4j.zeros(DataType.FLOAT, values.length())).limit(states).toList();
    this.average = averaged ? Optional.of(values.dup('c')) : Optional.empty();
  }

  INDArray values() {
    return values;
  }

  /** The average; the values if no average is kept. */
  INDArray averageOrValues() {
    return average.orElse(values);
  }

  /** The optimizer's states and the average. */
  List<INDArray> kept() {
    return Stream.concat(states.stream(), average.stream()).toList();
  }

  /**
   * Updates some of the numbers.
   *
   * @param gradient of these numbers, from index {@code from} on
   * @param at index of the first number to update
   */
  void move(Move move, FloatBuffer gradient, int from, int at, int count) {
    FloatBuffer to = DirectWeights.buffer(values);
    FloatBuffer[] kept = states.stream().map(DirectWeights::buffer).toArray(FloatBuffer[]::new);
    Optional<FloatBuffer> averages = average.map(DirectWeights::buffer);
    move.workers()
        .run(
            (count + PART - 1) / PART,
            (worker, part) -> {
              Scratch with = move.scratch().get(worker);
              int end = Math.min(count, (part + 1) * PART);
              for (int done = part * PART; done < end; done += BLOCK) {
                int length = Math.min(BLOCK, end - done);
                gradient.get(from + done, with.gradient, 0, length);
                moveBlock(move, with, to, kept, averages, at + done, length);
              }
            });
  }

  private static void moveBlock(
      Move move,
      Scratch with,
      FloatBuffer to,
      FloatBuffer[] kept,
      Optional<FloatBuffer> averages,
      int at,
      int length) {
    to.get(at, with.values, 0, length);
    for (int i = 0; i < kept.length; i++) {
      kept[i].get(at, with.states[i], 0, length);
    }
    move.block().move(with.values, with.gradient, with.states, length);
    to.put(at, with.values, 0, length);
    for (int i = 0; i < kept.length; i++) {
      kept[i].put(at, with.states[i], 0, length);
    }
    if (averages.isPresent()) {
      averages.get().get(at, with.average, 0, length);
      follow(with.average, with.values, move.averageKept(), length);
      averages.get().put(at, with.average, 0, length);
    }
  }

  private static void follow(float[] average, float[] values, float kept, int length) {
    for (int i = 0; i < length; i++) {
      average[i] = values[i] + kept * (average[i] - values[i]);
    }
  }

  @Override
  public void close() {
    kept().forEach(INDArray::close);
  }
}
