package io.tagstream.model.engine;

import java.util.List;

/**
 * Runs a model for one worker. Not thread-safe: it reuses its native buffers. It shares the weights
 * with the other engines of its {@link LoadedModel}. The caller closes it.
 */
public interface Engine extends AutoCloseable {

  /** The most crops per call. */
  int maxBatch();

  /**
   * The softmax outputs of each image, averaged over its views.
   *
   * @param images one array per image, {@code [views][S][S][3]} RGB bytes; images times views must
   *     not exceed {@link #maxBatch()}
   * @param views crops per image
   * @return {@code [images][classes]}, freshly allocated
   */
  float[][] probabilities(List<byte[]> images, int views);

  /**
   * The activations of the layer before the last (fc7 after its ReLU), for each view: they are not
   * averaged. The last layer is not computed.
   *
   * @return {@code [images * views][features]}, freshly allocated
   */
  float[][] features(List<byte[]> images, int views);

  @Override
  void close();
}
