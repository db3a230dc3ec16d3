package io.tagstream.model.engine;

import java.util.List;

/**
 * Runs a model for one worker: not thread-safe, reuses its native buffers, and shares the weights
 * with the other engines of its {@link LoadedModel}. The caller closes it.
 */
public interface Engine extends AutoCloseable {

  /** Crops that fit into one call. */
  int maxBatch();

  /**
   * The mean softmax over each image's crops.
   *
   * @param images one array an image, {@code [views][S][S][3]} RGB bytes; images times views may
   *     not exceed {@link #maxBatch()}
   * @param views crops per image
   * @return {@code [images][classes]}, freshly allocated
   */
  float[][] probabilities(List<byte[]> images, int views);

  /**
   * The activations of the layer before the last (fc7 after its ReLU), computed instead of the
   * probabilities and not averaged.
   *
   * @return {@code [images * views][features]}, freshly allocated
   */
  float[][] features(List<byte[]> images, int views);

  @Override
  void close();
}
