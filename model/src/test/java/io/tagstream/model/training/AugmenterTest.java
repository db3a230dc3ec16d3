package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.Region;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.Preprocessing;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AugmenterTest {
  private static final Preprocessing PREPROCESSING =
      new Preprocessing(
          8, 6, Preprocessing.ChannelOrder.RGB, 1, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));

  private static final PrincipalColors GREY =
      PrincipalColors.of(new double[][] {{0.1, 0, 0}, {0, 0.1, 0}, {0, 0, 0.1}});

  /** Crops and flips only, so that a crop shows its position. */
  private static final Augmentation PLAIN = new Augmentation.PaperCrops(0);

  @TempDir private Path folder;

  /** Augments an image whose red is the column and whose green is the row. */
  private byte[] augment(Augmentation augmentation, long seed, int epoch, String id)
      throws Exception {
    BufferedImage image = new BufferedImage(10, 8, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 8; y++) {
      for (int x = 0; x < 10; x++) {
        image.setRGB(x, y, (100 + x) << 16 | (50 + y) << 8 | 30);
      }
    }
    Path file = folder.resolve("picture.png");
    Pictures.write(file, image);
    try (ImageDecoder decoder = new ImageDecoder(8, 6, Views.CENTER, DecodeLimits.DEFAULT)) {
      return new Augmenter(augmentation, GREY, PREPROCESSING, seed, epoch)
          .extract(
              new LabelledImage(id, Optional.empty(), 0, LabelledImage.Content.of(file)),
              Files.readAllBytes(file),
              decoder);
    }
  }

  private String cut(long seed, int epoch, String id) throws Exception {
    byte[] crop = augment(PLAIN, seed, epoch, id);
    assertThat(crop).hasSize(6 * 6 * 3);
    boolean flip = crop[0] > crop[3];
    int x = flip ? crop[0] - 5 : crop[0];
    return (x - 100) + "," + (crop[1] - 50) + (flip ? " flipped" : "");
  }

  @Test
  void everyPlaceAndItsMirrorImageComesUp() throws Exception {
    TreeSet<String> seen = new TreeSet<>();
    for (int epoch = 1; epoch <= 400; epoch++) {
      seen.add(cut(1, epoch, "a"));
    }
    // 10 - 6 + 1 columns, 8 - 6 + 1 rows, flipped and not.
    assertThat(seen).hasSize(5 * 3 * 2).contains("0,0", "4,2 flipped");
  }

  @Test
  void aPictureIsAFunctionOfSeedEpochAndImage() throws Exception {
    for (Augmentation augmentation : List.of(Augmentation.PAPER, Augmentation.STRONG)) {
      byte[] first = augment(augmentation, 1, 1, "a");
      assertThat(augment(augmentation, 1, 1, "a")).isEqualTo(first);
      assertThat(augment(augmentation, 2, 1, "a")).isNotEqualTo(first);
      assertThat(augment(augmentation, 1, 2, "a")).isNotEqualTo(first);
      assertThat(augment(augmentation, 1, 1, "b")).isNotEqualTo(first);
    }
  }

  /** The paper's crop has the scale of serving: 300 x 200 with 256 of it is 1.28 times as large. */
  @Test
  void thePapersCropsHaveTheSizeOfServing() {
    Random random = new Random(1);
    double left = 0;
    double top = 0;
    for (int i = 0; i < 2000; i++) {
      Region crop = Augmentation.PAPER.crop(300, 200, 256, 227, random);
      assertThat(List.of(crop.toWidth(), crop.toHeight())).containsExactly(227, 227);
      assertThat(crop.width()).isEqualTo(227 / 1.28).isEqualTo(crop.height());
      assertThat(crop.left() + crop.width()).isLessThanOrEqualTo(300.01);
      assertThat(crop.top() + crop.height()).isLessThanOrEqualTo(200.01);
      left = Math.max(left, crop.left());
      top = Math.max(top, crop.top());
    }
    assertThat(left).isBetween(121.0, 122.66);
    assertThat(top).isBetween(22.0, 22.66);
  }

  @Test
  void areaCropsKeepToAreaAndAspectAndReachTheirEnds() {
    Random random = new Random(1);
    double smallest = 1;
    double largest = 0;
    double widest = 0;
    double highest = 10;
    for (int i = 0; i < 5000; i++) {
      Region crop = Augmentation.STRONG.crop(500, 333, 256, 227, random);
      double area = crop.width() * crop.height() / (500 * 333);
      double aspect = crop.width() / crop.height();
      assertThat(List.of(crop.toWidth(), crop.toHeight())).containsExactly(227, 227);
      assertThat(crop.left() + crop.width()).isLessThanOrEqualTo(500.001);
      assertThat(crop.top() + crop.height()).isLessThanOrEqualTo(333.001);
      smallest = Math.min(smallest, area);
      largest = Math.max(largest, area);
      widest = Math.max(widest, aspect);
      highest = Math.min(highest, aspect);
    }
    assertThat(smallest).isBetween(0.35, 0.36);
    // The image's aspect is 3/2 and a crop's at most 4/3: at most 8/9 of the area.
    assertThat(largest).isBetween(0.85, 0.889);
    assertThat(widest).isBetween(1.31, 1.3334);
    assertThat(highest).isBetween(0.7499, 0.77);
  }

  @Test
  void aStripIsCutAnywhereAlongIt() {
    Random random = new Random(1);
    TreeSet<Integer> tenths = new TreeSet<>();
    for (int i = 0; i < 500; i++) {
      Region crop = Augmentation.STRONG.crop(2000, 50, 256, 227, random);
      assertThat(crop.height()).isBetween(49.999, 50.001);
      assertThat(crop.width()).isBetween(37.4, 66.7);
      tenths.add((int) (crop.left() / 200));
    }
    assertThat(tenths).hasSize(10);
  }

  @Test
  void picturesComeInAllColoursAndBothWays() throws Exception {
    TreeSet<Integer> reds = new TreeSet<>();
    int mirrored = 0;
    for (int epoch = 1; epoch <= 200; epoch++) {
      byte[] picture = augment(Augmentation.STRONG, 1, epoch, "a");
      assertThat(picture).hasSize(6 * 6 * 3);
      reds.add(picture[0] & 0xff);
      mirrored += (picture[0] & 0xff) > (picture[15] & 0xff) ? 1 : 0;
    }
    assertThat(mirrored).isBetween(70, 130);
    // Brightness gives 104 times 0.8 to 1.2; contrast and saturation extend the range.
    assertThat(reds.first()).isLessThan(90);
    assertThat(reds.last()).isGreaterThan(118);
  }
}
