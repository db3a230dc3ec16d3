package io.tagstream.model.report;

import java.util.Objects;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * One pass over the training images.
 *
 * @param imageSteps image-steps since the start of the run, including this epoch's
 * @param loss the mean cross entropy of the epoch's steps, in nats
 * @param learningRate at the epoch's end, if the recipe has one
 * @param top1 the share of held-out images whose most probable class is the true one, if measured
 * @param top5 the share of held-out images whose true class is among the five most probable
 * @param imagesPerSecond image-steps per second, if known
 * @param waiting the share of the time, 0 to 1, that steps waited for images
 */
public record Epoch(
    long imageSteps,
    double loss,
    OptionalDouble learningRate,
    OptionalDouble top1,
    OptionalDouble top5,
    OptionalDouble imagesPerSecond,
    OptionalDouble waiting) {

  public Epoch {
    Objects.requireNonNull(learningRate);
    Objects.requireNonNull(top1);
    Objects.requireNonNull(top5);
    Objects.requireNonNull(imagesPerSecond);
    Objects.requireNonNull(waiting);
    if (imageSteps < 1) {
      throw new IllegalArgumentException("an epoch of %d image-steps".formatted(imageSteps));
    }
    DoubleStream.concat(
            DoubleStream.of(loss),
            Stream.of(learningRate, top1, top5, imagesPerSecond, waiting)
                .flatMapToDouble(OptionalDouble::stream))
        .filter(number -> !Double.isFinite(number) || number < 0)
        .findFirst()
        .ifPresent(
            number -> {
              throw new IllegalArgumentException(
                  "the epoch up to image-step %d has a %s".formatted(imageSteps, number));
            });
  }
}
