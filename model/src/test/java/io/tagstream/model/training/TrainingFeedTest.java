package io.tagstream.model.training;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.ImagePrefetcher.Read;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingFeedTest {
  private static final int ROWS = 10;
  private static final Preprocessing PREPROCESSING =
      new Preprocessing(
          12,
          10,
          Preprocessing.ChannelOrder.RGB,
          1,
          List.of(0.0, 0.0, 0.0),
          List.of(1.0, 1.0, 1.0));

  @TempDir private Path folder;
  private final AtomicInteger reads = new AtomicInteger();
  private List<LabelledImage> images = List.of();

  /** Counts how often its bytes are read. */
  private record Counting(LabelledImage.Content content, AtomicInteger reads)
      implements LabelledImage.Content {
    @Override
    public byte[] read() throws IOException {
      reads.incrementAndGet();
      return content.read();
    }

    @Override
    public String place() {
      return content.place();
    }
  }

  @BeforeEach
  void draw() {
    Pictures.various(folder, ROWS);
    images =
        FolderDataset.list(folder).images().stream()
            .map(
                image ->
                    new LabelledImage(
                        image.id(), Optional.empty(), 0, new Counting(image.content(), reads)))
            .toList();
  }

  private TrainingFeed feed(Augmentation augmentation, long from, int threads, int ahead) {
    BitSet all = new BitSet();
    all.set(0, ROWS);
    return new TrainingFeed(
        new TrainingFeed.Source(
            images,
            new EpochPlan(new int[ROWS], all, 1000, 7),
            augmentation,
            PrincipalColors.of(new double[][] {{0.1, 0, 0}, {0, 0.1, 0}, {0, 0, 0.1}}),
            PREPROCESSING,
            7),
        from,
        threads,
        ahead);
  }

  private List<Read<byte[]>> take(Augmentation augmentation, long from, int threads, int count) {
    try (TrainingFeed feed = feed(augmentation, from, threads, 6)) {
      List<Read<byte[]>> pictures = new ArrayList<>();
      while (pictures.size() < count) {
        pictures.addAll(feed.next(Math.min(4, count - pictures.size())));
      }
      return pictures;
    }
  }

  private static List<String> ids(List<Read<byte[]>> pictures) {
    return pictures.stream().map(picture -> picture.image().id()).toList();
  }

  private static List<String> pixels(List<Read<byte[]>> pictures) {
    return pictures.stream().map(picture -> new String(picture.value(), ISO_8859_1)).toList();
  }

  @Test
  void eachEpochIsAllPicturesInAnotherOrderAndLookingOtherwise() {
    List<Read<byte[]>> pictures = take(Augmentation.STRONG, 0, 2, 3 * ROWS);
    List<String> ids = ids(pictures);
    for (int epoch = 0; epoch < 3; epoch++) {
      assertThat(ids.subList(epoch * ROWS, (epoch + 1) * ROWS))
          .containsExactlyInAnyOrderElementsOf(images.stream().map(LabelledImage::id).toList());
    }
    assertThat(ids.subList(0, ROWS)).isNotEqualTo(ids.subList(ROWS, 2 * ROWS));
    assertThat(new HashSet<>(pixels(pictures))).hasSize(3 * ROWS);
  }

  @Test
  void thePicturesAreTheSameWhateverTheThreads() {
    for (Augmentation augmentation : List.of(Augmentation.PAPER, Augmentation.STRONG)) {
      List<String> one = pixels(take(augmentation, 0, 1, 25));
      assertThat(pixels(take(augmentation, 0, 4, 25))).isEqualTo(one);
    }
  }

  @Test
  void aFeedThatGoesOnGivesWhatTheFirstWouldHaveGiven() {
    List<Read<byte[]>> all = take(Augmentation.STRONG, 0, 2, 35);
    for (int from : new int[] {3, ROWS, 27}) {
      List<Read<byte[]>> rest = take(Augmentation.STRONG, from, 2, 35 - from);
      assertThat(ids(rest)).isEqualTo(ids(all).subList(from, 35));
      assertThat(pixels(rest)).isEqualTo(pixels(all).subList(from, 35));
    }
  }

  @Test
  void itReadsAheadAcrossEpochsAndNoFurtherThanAsked() {
    try (TrainingFeed feed = feed(Augmentation.STRONG, 0, 2, 6)) {
      for (int taken = 1; taken <= 2 * ROWS; taken++) {
        feed.next(1);
        assertThat(reads.get()).isBetween(taken, taken + 6);
      }
    }
    // No more images are requested; those in progress, the next epoch's first, are finished.
    assertThat(reads.get()).isBetween(2 * ROWS, 2 * ROWS + 6);
  }

  @Test
  void aPictureThatIsGoneEndsTheTraining() throws Exception {
    try (var files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        Files.delete(file);
      }
    }
    try (TrainingFeed feed = feed(Augmentation.STRONG, 0, 2, 6)) {
      assertThatThrownBy(() -> feed.next(1))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining(
              "was readable before the training and no longer is: cannot be read");
    }
  }
}
