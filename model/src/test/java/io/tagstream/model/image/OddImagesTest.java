package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of other programs, if they are available next to the project. */
class OddImagesTest {
  private static final int SIDE = 256;

  /** The largest mean difference, of 255. */
  private static final double LARGEST_DIFFERENCE = 4;

  private final ImageDecoder decoder =
      new ImageDecoder(SIDE, SIDE, Views.CENTER, DecodeLimits.DEFAULT);

  private Path folder;

  @BeforeEach
  void find() {
    folder =
        TestPictures.flowers()
            .map(flowers -> flowers.resolveSibling("odd-images"))
            .orElse(Path.of("odd-images"));
    assumeTrue(
        Files.isDirectory(folder),
        "skipped: no ../shared/data/odd-images beside the project's root");
  }

  @AfterEach
  void close() {
    decoder.close();
  }

  @ParameterizedTest
  @CsvSource({
    "zip.tif, wizard.png",
    "lzw.tif, wizard.png",
    "t_lzw_64.tif, wizard.png",
    "t_none_16.tif, wizard.png",
    "rgba8.tif, wizard-alpha.png",
    "rgba16_planar.tif, wizard-alpha.png",
    "rgba32f.tif, wizard-alpha.png",
    "rgba64f.tif, wizard-alpha.png",
    "pa8.tif, wizard-alpha.png",
    "ga16.tif, ga8.tif",
    "alpha_v5.bmp, wizard-alpha.png",
    "b16_565_h108.bmp, b16_565_h56.bmp",
    "b16_565_h124.bmp, b16_565_h56.bmp",
    "b32_xrgb_h40.bmp, b32_rgbx_h40.bmp",
    "b32_xbgr_h40.bmp, b32_rgbx_h40.bmp"
  })
  void isTheSamePicture(String file, String reference) throws Exception {
    byte[] pixels = decode(file);
    byte[] expected = decode(reference);
    long sum = 0;
    for (int i = 0; i < pixels.length; i++) {
      sum += Math.abs((pixels[i] & 0xff) - (expected[i] & 0xff));
    }
    assertThat((double) sum / pixels.length).isLessThan(LARGEST_DIFFERENCE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "g4.tif",
        "gray2.tif",
        "gray4.tif",
        "orx3_t_lzw_64.tif",
        "orx6_t_lzw_64.tif",
        "b32_alpha_h124.bmp",
        "rle_rose.bmp"
      })
  void isAPicture(String file) throws Exception {
    assertThat(decode(file)).hasSize(SIDE * SIDE * 3);
  }

  @ParameterizedTest
  @CsvSource({
    "zip_hole.tif, broken TIFF: damaged Deflate data: unknown compression method",
    "lzw_hole.tif, broken TIFF: damaged LZW data: a full table is never cleared",
    "g4_hole.tif, broken TIFF: damaged fax data",
    "lzw_comp50013.tif, unsupported TIFF: compression 50013"
  })
  void isRefused(String file, String reason) {
    assertThat(catchThrowableOfType(UnreadableImageException.class, () -> decode(file)).reason())
        .isEqualTo(reason);
  }

  private byte[] decode(String file) throws Exception {
    return decoder.decode(Files.readAllBytes(folder.resolve(file)));
  }
}
