package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Decodes real photos, if they are available. */
class FlowerPhotosTest {
  private Path flowers;

  @BeforeEach
  void findFlowers() {
    assumeTrue(
        TestPictures.flowers().isPresent(),
        "skipped: no ../shared/data/flowers beside the project's root");
    flowers = TestPictures.flowers().orElseThrow();
  }

  @Test
  void everyPhotoDecodesAndHoldsEveryBlock() throws Exception {
    int photos = 0;
    try (ImageDecoder decoder =
            new ImageDecoder(256, 227, Views.CENTER_AND_FLIP, DecodeLimits.DEFAULT);
        var paths = Files.walk(flowers)) {
      for (Path path : (Iterable<Path>) paths.filter(Files::isRegularFile)::iterator) {
        byte[] jpeg = Files.readAllBytes(path);
        assertThat(decoder.decode(jpeg)).as("%s", path).hasSize(2 * 227 * 227 * 3);
        // The decoder reads a photo's codes a second time only if it suspects a cut.
        SequentialJpeg.checkBlocks(new EncodedBytes(jpeg));
        photos++;
      }
    }

    assertThat(photos).isEqualTo(1500);
  }

  @Test
  void thePhotoThatImageIoThrowsOnDecodes() throws Exception {
    byte[] jpeg = Files.readAllBytes(flowers.resolve("train/roses/13342823005_16d3df58df_n.jpg"));

    assertThatThrownBy(() -> ImageIO.read(new ByteArrayInputStream(jpeg)))
        .hasMessageContaining("Numbers of source Raster bands");
    try (ImageDecoder decoder = new ImageDecoder(256, 227, Views.CENTER, DecodeLimits.DEFAULT)) {
      byte[] pixels = decoder.decode(jpeg);
      int colored = 0;
      for (int at = 0; at < pixels.length; at += 3) {
        colored += pixels[at] == pixels[at + 1] && pixels[at] == pixels[at + 2] ? 0 : 1;
      }
      assertThat(colored).as("coloured pixels of a grey picture").isZero();
    }
  }
}
