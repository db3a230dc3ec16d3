package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.Preprocessing;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RandomCropsTest {
  private static final Preprocessing PREPROCESSING =
      new Preprocessing(
          8, 6, Preprocessing.ChannelOrder.RGB, 1, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));

  @TempDir private Path folder;

  /** A picture whose red tells the column, its green the row: a crop shows where it was cut. */
  private String cut(long seed, int epoch, String id) throws Exception {
    BufferedImage image = new BufferedImage(10, 8, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 8; y++) {
      for (int x = 0; x < 10; x++) {
        image.setRGB(x, y, x << 16 | y << 8);
      }
    }
    Path file = folder.resolve("picture.png");
    Pictures.write(file, image);
    try (ImageDecoder decoder = new ImageDecoder(8, 6, Views.CENTER, DecodeLimits.DEFAULT)) {
      byte[] crop =
          new RandomCrops(PREPROCESSING, seed, epoch)
              .extract(labelled(id, file), Files.readAllBytes(file), decoder);
      boolean flip = crop[0] > crop[3];
      int x = flip ? crop[0] - 5 : crop[0];
      return x + "," + crop[1] + (flip ? " flipped" : "");
    }
  }

  @Test
  void everyPlaceAndItsMirrorImageComesUp() throws Exception {
    TreeSet<String> seen = new TreeSet<>();
    for (int epoch = 1; epoch <= 400; epoch++) {
      seen.add(cut(1, epoch, "a"));
    }
    // 10 - 6 + 1 columns, 8 - 6 + 1 rows, flipped and not.
    assertThat(seen).hasSize(5 * 3 * 2);
  }

  @Test
  void aCropIsAFunctionOfSeedEpochAndImage() throws Exception {
    List<String> first = crops(1, "a");
    assertThat(crops(1, "a")).isEqualTo(first);
    assertThat(crops(2, "a")).isNotEqualTo(first);
    assertThat(crops(1, "b")).isNotEqualTo(first);
  }

  private List<String> crops(long seed, String id) throws Exception {
    List<String> crops = new java.util.ArrayList<>();
    for (int epoch = 1; epoch <= 10; epoch++) {
      crops.add(cut(seed, epoch, id));
    }
    return crops;
  }

  private static LabelledImage labelled(String id, Path file) {
    return new LabelledImage(id, Optional.empty(), 0, LabelledImage.Content.of(file));
  }

  @Test
  void theOrderChangesWithTheEpoch() {
    List<LabelledImage> images =
        IntStream.range(0, 20).mapToObj(i -> labelled("" + i, Path.of("" + i))).toList();
    List<LabelledImage> first = new RandomCrops(PREPROCESSING, 1, 1).shuffled(images);
    assertThat(first).containsExactlyInAnyOrderElementsOf(images).isNotEqualTo(images);
    assertThat(new RandomCrops(PREPROCESSING, 1, 1).shuffled(images)).isEqualTo(first);
    assertThat(new RandomCrops(PREPROCESSING, 1, 2).shuffled(images)).isNotEqualTo(first);
  }
}
