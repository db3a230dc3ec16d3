package io.tagstream.model.training;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Output;
import io.tagstream.model.store.Preprocessing;
import java.nio.FloatBuffer;
import java.util.List;

/** Computes predictions for an evaluation: a method of an engine, or a network in training. */
public interface Classifier {

  /**
   * The mean softmax over each image's crops.
   *
   * @param images one array per image, {@code [views][S][S][3]} RGB bytes
   * @return {@code [images][classes]}
   */
  float[][] probabilities(List<byte[]> images, int views);

  /** A network's forward pass as a classifier. */
  static Classifier of(Forward forward, Preprocessing preprocessing, int classes) {
    int cropBytes = preprocessing.crop() * preprocessing.crop() * 3;
    return (images, views) -> {
      FloatBuffer rows = forward.run(new CropBatch(images, views, cropBytes), Output.PROBABILITIES);
      float[][] means = new float[images.size()][classes];
      for (float[] mean : means) {
        for (int view = 0; view < views; view++) {
          for (int i = 0; i < classes; i++) {
            mean[i] += rows.get() / views;
          }
        }
      }
      return means;
    };
  }
}
