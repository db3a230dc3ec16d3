package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.ImageReader.Outcome;
import io.tagstream.model.training.ImageReader.Read;
import io.tagstream.model.training.ImageReader.Request;
import io.tagstream.model.training.ImageReader.Unreadable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The augmented pictures of a training, epoch after epoch, made on threads of its own ahead of the
 * steps that use them. It does not stop between epochs, so that an epoch's first step finds its
 * pictures ready.
 */
final class TrainingFeed implements AutoCloseable {

  /**
   * What a feed gives.
   *
   * @param images one for each row of the plan
   * @param principalColors of these images
   */
  record Source(
      List<LabelledImage> images,
      EpochPlan plan,
      Augmentation augmentation,
      PrincipalColors principalColors,
      Preprocessing preprocessing,
      long seed) {

    private Stream<Request<byte[]>> epoch(int epoch) {
      Augmenter augmenter =
          new Augmenter(augmentation, principalColors, preprocessing, seed, epoch);
      return IntStream.of(plan.rows(epoch))
          .mapToObj(row -> new Request<>(images.get(row), augmenter));
    }
  }

  private final ImageReader reader;
  private final Iterator<Outcome<byte[]>> outcomes;

  /**
   * Begins.
   *
   * @param from images handed out before, in all epochs, by a training that goes on
   * @param threads that decode and augment
   * @param ahead pictures that are made or being made beside those handed out
   */
  TrainingFeed(Source source, long from, int threads, int ahead) {
    reader = new ImageReader(source.preprocessing(), Views.CENTER, threads);
    int perEpoch = source.plan().rowsPerEpoch();
    outcomes =
        reader.read(
            Stream.iterate(Math.toIntExact(from / perEpoch) + 1, epoch -> epoch + 1)
                .flatMap(source::epoch)
                .skip(from % perEpoch)
                .iterator(),
            ahead);
  }

  /**
   * The next pictures, {@code [S][S][3]} each, across the end of an epoch where there is one.
   *
   * @throws ModelException when one cannot be read, which could be before the training
   */
  List<Read<byte[]>> next(int count) {
    List<Read<byte[]>> pictures = new ArrayList<>(count);
    while (pictures.size() < count) {
      Outcome<byte[]> outcome = outcomes.next();
      if (outcome instanceof Unreadable<byte[]> unreadable) {
        throw new ModelException(
            "%s could be read before the training and cannot be now: %s"
                .formatted(unreadable.image().content().place(), unreadable.reason()));
      } else if (outcome instanceof Read<byte[]> read) {
        pictures.add(read);
      }
    }
    return pictures;
  }

  @Override
  public void close() {
    reader.close();
  }
}
