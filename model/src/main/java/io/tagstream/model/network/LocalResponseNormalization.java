package io.tagstream.model.network;

/**
 * Local response normalisation across channels, the paper's section 3.3: {@code y_i = x_i / (k +
 * alpha * sum(x_j^2))^beta} where j runs over the {@code size} channels around i that exist.
 *
 * <p>Alpha multiplies the plain sum, as in the paper. ONNX, Caffe and cuDNN divide alpha by the
 * size; whoever reads or writes their files converts.
 *
 * @param size n, the number of adjacent channels summed; odd
 * @param scope which channels see each other
 */
public record LocalResponseNormalization(
    int size, double k, double alpha, double beta, Scope scope) {

  /** The paper's constants: n = 5, k = 2, alpha = 1e-4, beta = 0.75; over all channels. */
  public static final LocalResponseNormalization PAPER =
      new LocalResponseNormalization(5, 2, 1e-4, 0.75);

  /** Which channels see each other. */
  public enum Scope {
    /** All: the formula as it stands. BVLC's weights were trained so, on one device. */
    ALL(1),
    /**
     * Those of a tower: each half of them by itself. The paper's two GPUs exchange nothing between
     * these layers, so that a map at the edge of one does not see its neighbours on the other.
     */
    TOWER(2);

    private final int parts;

    Scope(int parts) {
      this.parts = parts;
    }

    /** How many equal parts of the channels are normalised each by itself. */
    public int parts() {
      return parts;
    }
  }

  /** Over all channels. */
  public LocalResponseNormalization(int size, double k, double alpha, double beta) {
    this(size, k, alpha, beta, Scope.ALL);
  }

  public LocalResponseNormalization {
    // Null is what JSON of before there were two gives.
    scope = scope == null ? Scope.ALL : scope;
    if (size < 1 || size % 2 == 0) {
      throw new IllegalArgumentException("normalisation size must be odd and positive: " + size);
    }
    if (!(k > 0) || !(alpha >= 0) || !(beta > 0)) {
      throw new IllegalArgumentException(
          "normalisation needs k > 0, alpha >= 0, beta > 0: " + k + ", " + alpha + ", " + beta);
    }
  }

  /** The same among other channels. */
  public LocalResponseNormalization in(Scope other) {
    return new LocalResponseNormalization(size, k, alpha, beta, other);
  }
}
