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
 * A model and an engine of its own, as batches ask it: every call is watched, and an image on which
 * the engine fails is told from an engine that is broken.
 *
 * <p>Where a batch fails, the engine is first asked about a picture of noise, which is none of the
 * stream's. If that fails as well, the engine is broken. Else the batch is halved until the images
 * that fail alone, twice, are found; the noise is asked once more, so that no image pays for an
 * engine that broke meanwhile.
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
   * Takes over model and engine.
   *
   * @param limit for each call of the engine
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

  /** Computes a batch of black images, of which nothing is kept. */
  void warmUp(int images) {
    engine.probabilities(Collections.nCopies(images, new byte[imageBytes]), views);
  }

  /**
   * An answer for each image.
   *
   * @throws InferenceFailedException when the engine is broken
   */
  List<Answer> answer(List<DecodedImage> images) throws InferenceFailedException {
    try {
      return tags(images);
    } catch (InferenceFailedException e) {
      if (e.getCause() instanceof Error) {
        // No memory, no library: that is not an image's fault.
        throw e;
      }
      requireThatItWorks(e);
      LOG.warn("{}; each half is tried by itself", e.getMessage());
      List<Answer> answers = new ArrayList<>(images.size());
      halve(images, answers);
      if (answers.stream().anyMatch(Answer.None.class::isInstance)) {
        requireThatItWorks(e);
      }
      return answers;
    }
  }

  private void halve(List<DecodedImage> images, List<Answer> answers) {
    if (images.size() == 1) {
      answers.add(alone(images));
      return;
    }
    int middle = images.size() / 2;
    for (List<DecodedImage> half :
        List.of(images.subList(0, middle), images.subList(middle, images.size()))) {
      try {
        answers.addAll(tags(half));
      } catch (InferenceFailedException e) {
        halve(half, answers);
      }
    }
  }

  private Answer alone(List<DecodedImage> image) {
    try {
      return tags(image).get(0);
    } catch (InferenceFailedException e) {
      try {
        return tags(image).get(0);
      } catch (InferenceFailedException again) {
        return new Answer.None(again.getMessage());
      }
    }
  }

  private List<Answer> tags(List<DecodedImage> images) throws InferenceFailedException {
    return ask(
        images.stream().map(image -> image.pixels).toList(),
        "a batch of %d images, the first at %s".formatted(images.size(), images.get(0).source));
  }

  private void requireThatItWorks(InferenceFailedException failure)
      throws InferenceFailedException {
    byte[] noise = new byte[imageBytes];
    // Always the same.
    new Random(1).nextBytes(noise);
    try {
      List<Answer> unused = ask(List.of(noise), "a picture of noise");
    } catch (InferenceFailedException e) {
      failure.addSuppressed(e);
      throw failure;
    }
  }

  private List<Answer> ask(List<byte[]> pixels, String what) throws InferenceFailedException {
    float[][] probabilities;
    try {
      probabilities =
          watchdog.call(
              () -> "model %s has not answered %s,".formatted(version(), what),
              limit,
              () -> engine.probabilities(pixels, views));
    } catch (Throwable e) {
      // Errors too: a thread that dies in silence would leave the task waiting for ever.
      throw new InferenceFailedException(
          "model %s failed on %s: %s".formatted(version(), what, e), e);
    }
    if (probabilities.length != pixels.size()) {
      throw new InferenceFailedException(
          "model %s answered %d images of %d"
              .formatted(version(), probabilities.length, pixels.size()));
    }
    List<Answer> answers = new ArrayList<>(pixels.size());
    for (float[] row : probabilities) {
      answers.add(new Answer.Tags(BestTags.of(row, model.bundle().labels())));
    }
    return answers;
  }

  @Override
  public void close() {
    watchdog.call(
        () -> "the engine of model %s has not been closed".formatted(version()),
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
