package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.image.Views;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.ImagePrefetcher.Outcome;
import io.tagstream.model.training.ImagePrefetcher.Read;
import io.tagstream.model.training.ImagePrefetcher.Unreadable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagePrefetcherTest {
  private static final Preprocessing PREPROCESSING =
      new Preprocessing(
          8, 6, Preprocessing.ChannelOrder.RGB, 1, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));

  @TempDir private Path folder;

  @Test
  void givesOutcomesInOrderAndNeverRunsFarAhead() throws Exception {
    List<LabelledImage> images = files(50);
    Files.delete(folder.resolve("7"));
    AtomicInteger begun = new AtomicInteger();
    try (ImagePrefetcher reader = new ImagePrefetcher(PREPROCESSING, Views.CENTER, 3)) {
      Iterator<Outcome<Integer>> outcomes =
          reader.read(
              images,
              5,
              (image, encoded, decoder) -> {
                begun.incrementAndGet();
                return encoded.length;
              });
      for (int i = 0; i < 50; i++) {
        Outcome<Integer> outcome = outcomes.next();
        assertThat(outcome.image()).isEqualTo(images.get(i));
        assertThat(begun.get()).isLessThanOrEqualTo(i + 1 + 5);
        if (i == 7) {
          assertThat(outcome)
              .isInstanceOfSatisfying(
                  Unreadable.class,
                  unreadable -> assertThat(unreadable.reason()).contains("cannot be read"));
        } else {
          assertThat(outcome).isEqualTo(new Read<>(images.get(i), i));
        }
      }
      assertThat(outcomes.hasNext()).isFalse();
    }
  }

  @Test
  void aBrokenDecoderIsNoUnreadableImage() throws Exception {
    try (ImagePrefetcher reader = new ImagePrefetcher(PREPROCESSING, Views.CENTER, 1)) {
      Iterator<Outcome<Integer>> outcomes =
          reader.read(
              files(1),
              1,
              (image, encoded, decoder) -> {
                throw new UnsupportedOperationException("broken");
              });
      assertThatThrownBy(outcomes::next).hasRootCauseMessage("broken");
    }
  }

  private List<LabelledImage> files(int count) throws Exception {
    List<LabelledImage> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Path file = Files.write(folder.resolve("" + i), new byte[i]);
      images.add(new LabelledImage("" + i, Optional.empty(), 0, LabelledImage.Content.of(file)));
    }
    return images;
  }
}
