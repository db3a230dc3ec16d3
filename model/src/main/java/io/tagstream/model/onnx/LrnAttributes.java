package io.tagstream.model.onnx;

import io.tagstream.model.network.LocalResponseNormalization;

/**
 * The attributes of ONNX's LRN node. They are float32, and alpha is multiplied by the size: the
 * node divides it by the size, the paper does not.
 *
 * @param bias the paper's k
 */
record LrnAttributes(int size, float alpha, float beta, float bias) {

  static LrnAttributes of(LocalResponseNormalization paper) {
    return new LrnAttributes(
        paper.size(),
        (float) (paper.alpha() * paper.size()),
        (float) paper.beta(),
        (float) paper.k());
  }

  LocalResponseNormalization toPaper() {
    return new LocalResponseNormalization(
        size, decimal(bias), decimal(alpha) / size, decimal(beta));
  }

  /** The shortest decimal that rounds to the float, so that 1e-4f gives 1e-4 and not 9.99…e-5. */
  static double decimal(float value) {
    return Double.parseDouble(Float.toString(value));
  }
}
