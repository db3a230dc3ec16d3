package io.tagstream.model.engine.nd4j;

import io.tagstream.model.engine.Workers;
import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.LocalResponseNormalization;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * The way back from a convolution's normalised output to its sums, and the gradient of its biases,
 * in one pass over the maps; ND4J's ops for the three take several times as long.
 *
 * <p>With d = k + alpha * sum(x^2) and h = slope * d^-beta the gradient of the normalisation is h -
 * 2 * alpha * beta * x * sum(h * x / d), both sums over the neighbouring channels. Blocks of
 * positions are copied onto the heap with zeros between the positions, so that a neighbour is a
 * shifted index and the JVM makes vector instructions of the loops.
 */
final class SlopePass {
  /** Numbers of a block: what a core keeps close for the handful of arrays. */
  private static final int BLOCK = 4096;

  private final Activation activation;
  private final Optional<LocalResponseNormalization> normalization;

  /** Parts of a position whose channels do not see each other's: each is a position of its own. */
  private final int parts;

  /** Of a part. */
  private final int channels;

  /** Zeros between positions. */
  private final int gap;

  private final int positionsOfBlock;
  private final int length;
  private final Workers workers;
  private final Scratch[] scratch;

  /** A worker's arrays, {@code gap} zeros, then positions with as many after each. */
  private final class Scratch {
    final float[] raw = new float[positionsOfBlock * channels];
    final float[] x = new float[length];
    final float[] slopes = new float[length];
    final float[] squares = new float[length];
    final float[] sums = new float[length];
    final float[] terms = new float[length];
    final float[] before = new float[length];
    final float[] after = new float[length];
    final float[] total = new float[length];
  }

  SlopePass(Convolution layer, Workers workers) {
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

  /** What one image adds to the biases' gradient: summed by image, whichever thread had it. */
  float[][] allocateSums(int images) {
    return new float[images][parts * channels];
  }

  /**
   * Turns slopes by the normalised maps into slopes by the sums.
   *
   * @param outputs maps after the activation
   * @param from the first image's position in them, in numbers
   * @param slopes by the normalised, replaced, from the first number on
   * @param pixels of an image's map
   * @param biasSums by image and channel, replaced
   */
  void run(
      FloatBuffer outputs,
      int from,
      FloatBuffer slopes,
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
            read(slopes, at, count, with.slopes, with.raw);
            int used = gap + count * (channels + gap);
            normalization.ifPresent(lrn -> throughNormalization(lrn, with, used));
            throughActivation(with.x, with.slopes, used);
            for (int i = 0; i < used; i++) {
              with.total[i] += with.slopes[i];
            }
            write(slopes, at, count, with.slopes, with.raw);
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
    float[] slopes = with.slopes;
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
      slopes[i] *= squares[i];
      terms[i] = slopes[i] * x[i] / sums[i];
    }
    addNeighbours(terms, sums, with.before, with.after, used);
    float factor = (float) (2 * lrn.alpha() * lrn.beta());
    for (int i = 0; i < used; i++) {
      slopes[i] -= factor * x[i] * sums[i];
    }
  }

  private static void scale(float[] numbers, float factor, float plus, int used) {
    for (int i = 0; i < used; i++) {
      numbers[i] = plus + factor * numbers[i];
    }
  }

  /** Sums over neighbours, from shifted copies: of shifted indexes the JVM makes no vectors. */
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

  private void throughActivation(float[] x, float[] slopes, int used) {
    switch (activation) {
      case RELU -> {
        for (int i = 0; i < used; i++) {
          // 1 where x is positive, 0 where it is 0; a comparison would not become a vector.
          slopes[i] *= Math.min(x[i] * Float.MAX_VALUE, 1);
        }
      }
      case TANH -> {
        for (int i = 0; i < used; i++) {
          slopes[i] *= 1 - x[i] * x[i];
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
