package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.Workers;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.LocalResponseNormalization;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * The backward pass from a convolution's normalised output to its pre-activations, with the
 * gradient of its biases, in one pass over the maps. ND4J's ops for the three take several times as
 * long.
 *
 * <p>With g the gradient by the normalised output, d = k + alpha * sum(x^2) and h = g * d^-beta,
 * the gradient of the normalisation is h - 2 * alpha * beta * x * sum(h * x / d), both sums over
 * the neighbouring channels. Blocks of positions are copied to the heap with zeros between the
 * positions, so that a neighbour is a shifted index and the JVM compiles the loops to vector
 * instructions.
 */
final class PreActivationGradient {
  /** Numbers in a block, so that the handful of arrays fit into a core's cache. */
  private static final int BLOCK = 4096;

  private final Activation activation;
  private final Optional<LocalResponseNormalization> normalization;

  /** Parts of a position that are normalised separately; each counts as a position. */
  private final int parts;

  /** Channels in a part. */
  private final int channels;

  /** Zeros between positions. */
  private final int gap;

  private final int positionsOfBlock;
  private final int length;
  private final Workers workers;
  private final Scratch[] scratch;

  /**
   * A worker's arrays: {@code gap} zeros, then the positions, each followed by {@code gap} zeros.
   */
  private final class Scratch {
    final float[] raw = new float[positionsOfBlock * channels];
    final float[] x = new float[length];
    final float[] gradient = new float[length];
    final float[] squares = new float[length];
    final float[] sums = new float[length];
    final float[] terms = new float[length];
    final float[] before = new float[length];
    final float[] after = new float[length];
    final float[] total = new float[length];
  }

  PreActivationGradient(Convolution layer, Workers workers) {
    this.activation = layer.activation();
    this.normalization = layer.normalization();
    this.workers = workers;
    parts = normalization.map(lrn -> lrn.scope().parts()).orElse(1);
    channels = layer.channels() / parts;
    gap = normalization.map(lrn -> lrn.size() / 2).orElse(0);
    positionsOfBlock = parts * Math.max(1, BLOCK / (channels + gap) / parts);
    length = gap + positionsOfBlock * (channels + gap) + gap;
    scratch = new Scratch[workers.count()];
    Arrays.setAll(scratch, worker -> new Scratch());
  }

  /** One row per image for the biases' gradient, so that the sum does not depend on the threads. */
  float[][] allocateSums(int images) {
    return new float[images][parts * channels];
  }

  /**
   * Replaces the gradient by the normalised maps with that by the pre-activations.
   *
   * @param outputs maps after the activation
   * @param from index of the first image's first number in {@code outputs}
   * @param gradient replaced, from index 0 on
   * @param pixels of one map
   * @param biasSums by image and channel, replaced
   */
  void run(
      FloatBuffer outputs,
      int from,
      FloatBuffer gradient,
      int pixels,
      int images,
      float[][] biasSums) {
    int positions = pixels * parts;
    workers.run(
        images,
        (worker, image) -> {
          Scratch with = scratch[worker];
          Arrays.fill(with.total, 0);
          int numbers = positions * channels;
          for (int done = 0; done < positions; done += positionsOfBlock) {
            int count = Math.min(positionsOfBlock, positions - done);
            int at = image * numbers + done * channels;
            read(outputs, from + at, count, with.x, with.raw);
            read(gradient, at, count, with.gradient, with.raw);
            int used = gap + count * (channels + gap);
            normalization.ifPresent(lrn -> throughNormalization(lrn, with, used));
            throughActivation(with.x, with.gradient, used);
            for (int i = 0; i < used; i++) {
              with.total[i] += with.gradient[i];
            }
            write(gradient, at, count, with.gradient, with.raw);
          }
          fold(with.total, biasSums[image]);
        });
  }

  private void read(FloatBuffer from, int at, int positions, float[] to, float[] raw) {
    if (gap == 0) {
      from.get(at, to, 0, positions * channels);
      return;
    }
    from.get(at, raw, 0, positions * channels);
    for (int i = 0; i < positions; i++) {
      System.arraycopy(raw, i * channels, to, gap + i * (channels + gap), channels);
    }
  }

  private void write(FloatBuffer to, int at, int positions, float[] from, float[] raw) {
    if (gap == 0) {
      to.put(at, from, 0, positions * channels);
      return;
    }
    for (int i = 0; i < positions; i++) {
      System.arraycopy(from, gap + i * (channels + gap), raw, i * channels, channels);
    }
    to.put(at, raw, 0, positions * channels);
  }

  private void throughNormalization(LocalResponseNormalization lrn, Scratch with, int used) {
    float[] x = with.x;
    float[] gradient = with.gradient;
    float[] squares = with.squares;
    float[] sums = with.sums;
    float[] terms = with.terms;
    for (int i = 0; i < used; i++) {
      squares[i] = x[i] * x[i];
    }
    addNeighbours(squares, sums, with.before, with.after, used);
    scale(sums, (float) lrn.alpha(), (float) lrn.k(), used);
    powers(sums, lrn.beta(), squares, used);
    for (int i = 0; i < used; i++) {
      gradient[i] *= squares[i];
      terms[i] = gradient[i] * x[i] / sums[i];
    }
    addNeighbours(terms, sums, with.before, with.after, used);
    float factor = (float) (2 * lrn.alpha() * lrn.beta());
    for (int i = 0; i < used; i++) {
      gradient[i] -= factor * x[i] * sums[i];
    }
  }

  private static void scale(float[] numbers, float factor, float plus, int used) {
    for (int i = 0; i < used; i++) {
      numbers[i] = plus + factor * numbers[i];
    }
  }

  /** Sums over neighbours, from shifted copies: loops with shifted indexes are not vectorised. */
  private void addNeighbours(float[] from, float[] to, float[] before, float[] after, int used) {
    System.arraycopy(from, 0, to, 0, used);
    for (int shift = 1; shift <= gap; shift++) {
      System.arraycopy(from, 0, before, shift, used - shift);
      System.arraycopy(from, shift, after, 0, used - shift);
      Arrays.fill(before, 0, shift, 0);
      Arrays.fill(after, used - shift, used, 0);
      for (int i = 0; i < used; i++) {
        to[i] += before[i] + after[i];
      }
    }
  }

  private static void powers(float[] sums, double beta, float[] to, int used) {
    if (beta == 0.75) {
      for (int i = 0; i < used; i++) {
        float root = (float) Math.sqrt(sums[i]);
        to[i] = 1 / (root * (float) Math.sqrt(root));
      }
      return;
    }
    for (int i = 0; i < used; i++) {
      to[i] = (float) Math.pow(sums[i], -beta);
    }
  }

  private void throughActivation(float[] x, float[] gradient, int used) {
    switch (activation) {
      case RELU -> {
        for (int i = 0; i < used; i++) {
          // 1 if x is positive, 0 if it is 0. A comparison would not be vectorised.
          gradient[i] *= Math.min(x[i] * Float.MAX_VALUE, 1);
        }
      }
      case TANH -> {
        for (int i = 0; i < used; i++) {
          gradient[i] *= 1 - x[i] * x[i];
        }
      }
      case IDENTITY -> {}
    }
  }

  private void fold(float[] total, float[] sums) {
    Arrays.fill(sums, 0);
    for (int position = 0; position < positionsOfBlock; position++) {
      int at = gap + position * (channels + gap);
      int part = position % parts * channels;
      for (int channel = 0; channel < channels; channel++) {
        sums[part + channel] += total[at + channel];
      }
    }
  }
}
