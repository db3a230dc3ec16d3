package io.tagstream.job.inference;

import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.threads.Watchdog;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A loaded model and its engine. A watchdog watches every call, and a failure caused by one image
 * is told apart from a broken engine.
 *
 * <p>When a batch fails, the engine first computes an image of noise, which is not from the stream.
 * If that fails too, the engine is broken. Otherwise the batch is halved until the images that fail
 * alone, twice, are found. Then the engine computes the noise once more, so that no image is
 * rejected because the engine broke meanwhile.
 */
final class Serving implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Serving.class);

  private final LoadedModel model;
  private final Engine engine;
  private final int views;
  private final int imageBytes;
  private final Watchdog watchdog;
  private final Watchdog.Limit limit;

  /**
   * @param model closed with this, after the engine
   * @param engine closed with this
   * @param limit the longest time that a call of the engine may take
   */
  Serving(
      LoadedModel model,
      Engine engine,
      CropGeometry geometry,
      int views,
      Watchdog watchdog,
      Watchdog.Limit limit) {
    this.model = model;
    this.engine = engine;
    this.views = views;
    this.imageBytes = geometry.bytes(views);
    this.watchdog = watchdog;
    this.limit = limit;
  }

  String version() {
    return model.bundle().version();
  }

  /** Computes a batch of black images and discards the result. */
  void warmUp(int images) {
    engine.probabilities(Collections.nCopies(images, new byte[imageBytes]), views);
  }

  /**
   * Computes a batch; returns one result for each image.
   *
   * @throws InferenceFailedException when the engine is broken
   */
  List<ImageResult> compute(List<DecodedImage> images) throws InferenceFailedException {
    try {
      return tags(images);
    } catch (InferenceFailedException e) {
      if (e.getCause() instanceof Error) {
        // Out of memory, or a missing library: not caused by an image.
        throw e;
      }
      requireWorkingEngine(e);
      LOG.warn("{}; retrying each half of the batch alone", e.getMessage());
      List<ImageResult> results = new ArrayList<>(images.size());
      halve(images, results);
      if (results.stream().anyMatch(ImageResult.Failure.class::isInstance)) {
        requireWorkingEngine(e);
      }
      return results;
    }
  }

  private void halve(List<DecodedImage> images, List<ImageResult> results) {
    if (images.size() == 1) {
      results.add(alone(images));
      return;
    }
    int middle = images.size() / 2;
    for (List<DecodedImage> half :
        List.of(images.subList(0, middle), images.subList(middle, images.size()))) {
      try {
        results.addAll(tags(half));
      } catch (InferenceFailedException e) {
        halve(half, results);
      }
    }
  }

  private ImageResult alone(List<DecodedImage> image) {
    try {
      return tags(image).get(0);
    } catch (InferenceFailedException e) {
      try {
        return tags(image).get(0);
      } catch (InferenceFailedException again) {
        return new ImageResult.Failure(again.getMessage());
      }
    }
  }

  private List<ImageResult> tags(List<DecodedImage> images) throws InferenceFailedException {
    return run(
        images.stream().map(image -> image.pixels).toList(),
        "a batch of %d images, the first at %s".formatted(images.size(), images.get(0).source));
  }

  private void requireWorkingEngine(InferenceFailedException failure)
      throws InferenceFailedException {
    byte[] noise = new byte[imageBytes];
    // A fixed seed: always the same noise.
    new Random(1).nextBytes(noise);
    try {
      List<ImageResult> unused = run(List.of(noise), "an image of noise");
    } catch (InferenceFailedException e) {
      failure.addSuppressed(e);
      throw failure;
    }
  }

  private List<ImageResult> run(List<byte[]> pixels, String what) throws InferenceFailedException {
    float[][] probabilities;
    try {
      probabilities =
          watchdog.call(
              () -> "model %s has not computed %s,".formatted(version(), what),
              limit,
              () -> engine.probabilities(pixels, views));
    } catch (Throwable e) {
      // Errors too: if this thread died silently, the task would wait for the batch indefinitely.
      throw new InferenceFailedException(
          "model %s failed on %s: %s".formatted(version(), what, e), e);
    }
    if (probabilities.length != pixels.size()) {
      throw new InferenceFailedException(
          "model %s returned results for %d images of %d"
              .formatted(version(), probabilities.length, pixels.size()));
    }
    List<ImageResult> results = new ArrayList<>(pixels.size());
    for (float[] row : probabilities) {
      results.add(new ImageResult.Tags(BestTags.of(row, model.bundle().labels())));
    }
    return results;
  }

  @Override
  public void close() {
    watchdog.call(
        () -> "the engine of model %s has not closed".formatted(version()),
        limit,
        () -> {
          try {
            engine.close();
          } finally {
            model.close();
          }
          return version();
        });
  }
}
