package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.ImagePrefetcher.Outcome;
import io.tagstream.model.training.ImagePrefetcher.Read;
import io.tagstream.model.training.ImagePrefetcher.Request;
import io.tagstream.model.training.ImagePrefetcher.Unreadable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Supplies the augmented images of a training, epoch after epoch. Background threads prepare them
 * ahead of the steps, across the ends of epochs, so that the first step of an epoch does not wait.
 */
final class TrainingFeed implements AutoCloseable {

  /**
   * The images of a feed and how to prepare them.
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

  private final ImagePrefetcher reader;
  private final Iterator<Outcome<byte[]>> outcomes;

  /**
   * Starts preparing images.
   *
   * @param from the image-steps that a resumed training has done already
   * @param threads decoding and augmenting threads
   * @param ahead the most images that are prepared or being prepared ahead
   */
  TrainingFeed(Source source, long from, int threads, int ahead) {
    reader = new ImagePrefetcher(source.preprocessing(), Views.CENTER, threads);
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
   * The next images, {@code [S][S][3]} each; they may span the end of an epoch.
   *
   * @throws ModelException if an image that was readable before the training no longer is
   */
  List<Read<byte[]>> next(int count) {
    List<Read<byte[]>> images = new ArrayList<>(count);
    while (images.size() < count) {
      Outcome<byte[]> outcome = outcomes.next();
      if (outcome instanceof Unreadable<byte[]> unreadable) {
        throw new ModelException(
            "%s was readable before the training and no longer is: %s"
                .formatted(unreadable.image().content().place(), unreadable.reason()));
      } else if (outcome instanceof Read<byte[]> read) {
        images.add(read);
      }
    }
    return images;
  }

  @Override
  public void close() {
    reader.close();
  }
}
