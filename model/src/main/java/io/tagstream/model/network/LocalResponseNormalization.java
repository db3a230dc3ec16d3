package io.tagstream.model.network;

/**
 * Local response normalisation across channels, the paper's section 3.3: {@code y_i = x_i / (k +
 * alpha * sum(x_j^2))^beta} where j runs over the {@code size} channels around i that exist.
 *
 * <p>Alpha multiplies the plain sum, as in the paper. ONNX, Caffe and cuDNN divide alpha by the
 * size; whoever reads or writes their files converts.
 *
 * @param size n, the number of adjacent channels summed; odd
 */
public record LocalResponseNormalization(int size, double k, double alpha, double beta) {
  /** The paper's constants: n = 5, k = 2, alpha = 1e-4, beta = 0.75. */
  public static final LocalResponseNormalization PAPER =
      new LocalResponseNormalization(5, 2, 1e-4, 0.75);

  public LocalResponseNormalization {
    if (size < 1 || size % 2 == 0) {
      throw new IllegalArgumentException("normalisation size must be odd and positive: " + size);
    }
    if (!(k > 0) || !(alpha >= 0) || !(beta > 0)) {
      throw new IllegalArgumentException(
          "normalisation needs k > 0, alpha >= 0, beta > 0: " + k + ", " + alpha + ", " + beta);
    }
  }
}
