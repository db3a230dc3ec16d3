package io.tagstream.model.network;

/**
 * Local response normalisation across channels, the paper's section 3.3: {@code y_i = x_i / (k +
 * alpha * sum(x_j^2))^beta} where j runs over the {@code size} channels around i that exist.
 *
 * <p>Alpha multiplies the plain sum, as in the paper. ONNX, Caffe and cuDNN divide alpha by the
 * size; code that reads or writes their files converts it.
 *
 * @param size n, the number of adjacent channels summed; odd
 * @param scope the channels over which a sum runs
 */
public record LocalResponseNormalization(
    int size, double k, double alpha, double beta, Scope scope) {

  /** The paper's constants: n = 5, k = 2, alpha = 1e-4, beta = 0.75; over all channels. */
  public static final LocalResponseNormalization PAPER =
      new LocalResponseNormalization(5, 2, 1e-4, 0.75);

  /** The channels over which the sum around a channel runs. */
  public enum Scope {
    /** All channels, as in the formula. BVLC's weights were trained in this way, on one device. */
    ALL(1),
    /**
     * The channels of the same tower: each half is normalised separately. The paper's two GPUs
     * exchange nothing between these layers, so that a map at the edge of one does not have
     * neighbours on the other.
     */
    TOWER(2);

    private final int parts;

    Scope(int parts) {
      this.parts = parts;
    }

    /** The number of equal parts of the channels that are normalised separately. */
    public int parts() {
      return parts;
    }
  }

  /** A normalisation over all channels. */
  public LocalResponseNormalization(int size, double k, double alpha, double beta) {
    this(size, k, alpha, beta, Scope.ALL);
  }

  public LocalResponseNormalization {
    // Older model.json files have no scope.
    scope = scope == null ? Scope.ALL : scope;
    if (size < 1 || size % 2 == 0) {
      throw new IllegalArgumentException("normalisation size must be odd and positive: " + size);
    }
    if (!(k > 0) || !(alpha >= 0) || !(beta > 0)) {
      throw new IllegalArgumentException(
          "normalisation needs k > 0, alpha >= 0, beta > 0: " + k + ", " + alpha + ", " + beta);
    }
  }

  /** The same normalisation over other channels. */
  public LocalResponseNormalization in(Scope other) {
    return new LocalResponseNormalization(size, k, alpha, beta, other);
  }
}
