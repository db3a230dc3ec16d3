package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntBinaryOperator;
import org.junit.jupiter.api.Test;

class DifferenceHashTest {
  /** The most differing bits of near duplicates. */
  private static final int NEAR = 4;

  @Test
  void aBitSaysWhetherACellIsDarkerThanItsRightNeighbour() {
    byte[] picture = new byte[64 * 72 * 3];
    for (int cell = 0; cell < 72; cell++) {
      // Rising in the first row, falling in the second, constant in the third; too small a change
      // below.
      int column = cell % 9;
      int grey =
          switch (cell / 9) {
            case 0 -> 10 * column;
            case 1 -> 200 - 10 * column;
            case 2 -> 90;
            default -> 90 + 2 * column;
          };
      fill(picture, cell, grey, grey, grey);
    }
    assertThat(Long.toHexString(DifferenceHash.of(picture))).isEqualTo("ff" + "00".repeat(7));
    // The last two cells: red counts for less than green.
    fill(picture, 70, 250, 100, 100);
    fill(picture, 71, 100, 250, 100);
    assertThat(DifferenceHash.of(picture) & 0b11).isEqualTo(0b11);
    fill(picture, 71, 250, 100, 100);
    assertThat(DifferenceHash.of(picture) & 0b11).isEqualTo(0b10);
    // Two levels and a seventh.
    fill(picture, 71, 250, 103, 104);
    assertThat(DifferenceHash.of(picture) & 0b11).isEqualTo(0b11);
  }

  private static void fill(byte[] picture, int cell, int red, int green, int blue) {
    for (int y = cell / 9 * 8; y < cell / 9 * 8 + 8; y++) {
      for (int x = cell % 9 * 8; x < cell % 9 * 8 + 8; x++) {
        picture[(y * 72 + x) * 3] = (byte) red;
        picture[(y * 72 + x) * 3 + 1] = (byte) green;
        picture[(y * 72 + x) * 3 + 2] = (byte) blue;
      }
    }
  }

  @Test
  void theUprightPictureIsHashed() throws Exception {
    IntBinaryOperator blobs = blobs(new Random(3));
    byte[] upright = TestPictures.encode(TestPictures.picture(120, 80, blobs), "png");
    byte[] onItsSide =
        TestPictures.withChunk(
            TestPictures.encode(
                TestPictures.picture(80, 120, (x, y) -> blobs.applyAsInt(119 - y, x)), "png"),
            "eXIf",
            TestPictures.exif(6, ByteOrder.BIG_ENDIAN));
    try (ImageDecoder decoder = new ImageDecoder(64, 56, Views.CENTER, DecodeLimits.DEFAULT)) {
      HashedCrops look = decoder.decodeAndHash(upright);
      assertThat(look.crops()).isEqualTo(decoder.decode(upright));
      assertThat(Long.bitCount(look.differenceHash())).isBetween(8, 56);
      assertThat(decoder.decodeAndHash(onItsSide).differenceHash())
          .isEqualTo(look.differenceHash());
    }
  }

  @Test
  void aPictureSentAgainAtQuality60IsNear() throws Exception {
    Random random = new Random(1);
    List<byte[]> pictures = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      pictures.add(
          TestPictures.encode(
              TestPictures.picture(160 + i, 220 - i, blobs(random)), i % 2 == 0 ? "png" : "jpg"));
    }
    assertThat(nearPairs(pictures, "60 drawn pictures")).isZero();
  }

  @Test
  void everyFlowerSentAgainAtQuality60IsNear() throws Exception {
    Path flowers = TestPictures.flowers().orElse(Path.of(""));
    assumeTrue(
        TestPictures.flowers().isPresent(),
        "skipped: no ../shared/data/flowers beside the project's root");
    List<byte[]> photos = new ArrayList<>();
    try (var paths = Files.walk(flowers)) {
      for (Path path : (Iterable<Path>) paths.filter(Files::isRegularFile).sorted()::iterator) {
        photos.add(Files.readAllBytes(path));
      }
    }
    assertThat(photos).hasSize(1500);
    // One photographer took the same tulips twice.
    assertThat(nearPairs(photos, "1500 flowers")).isLessThanOrEqualTo(1);
  }

  /**
   * Checks that each image is near its copy; returns the number of near pairs of different images.
   */
  private static int nearPairs(List<byte[]> pictures, String name) throws Exception {
    long[] hashes = new long[pictures.size()];
    int farthest = 0;
    try (ImageDecoder decoder = new ImageDecoder(256, 227, Views.CENTER, DecodeLimits.DEFAULT)) {
      for (int i = 0; i < hashes.length; i++) {
        hashes[i] = decoder.decodeAndHash(pictures.get(i)).differenceHash();
        long copy = decoder.decodeAndHash(atQuality60(decoder, pictures.get(i))).differenceHash();
        farthest = Math.max(farthest, Long.bitCount(hashes[i] ^ copy));
        assertThat(farthest).as("picture %d of the %s", i, name).isLessThanOrEqualTo(NEAR);
      }
    }
    int near = 0;
    for (int i = 0; i < hashes.length; i++) {
      for (int j = 0; j < i; j++) {
        near += Long.bitCount(hashes[i] ^ hashes[j]) <= NEAR ? 1 : 0;
      }
    }
    System.out.printf(
        "%s: a copy at quality 60 differs in at most %d bits; %d pairs of different ones are near%n",
        name, farthest, near);
    return near;
  }

  private static byte[] atQuality60(ImageDecoder decoder, byte[] encoded) throws Exception {
    ImageHeader header = ImageHeader.read(encoded);
    RgbImage whole =
        TestPictures.whole(decoder, Math.min(header.width(), header.height()), encoded);
    return TestPictures.encodeJpeg(whole, 60);
  }

  /** Large soft spots of light. */
  private static IntBinaryOperator blobs(Random random) {
    double[][] spots = new double[6][];
    for (int i = 0; i < spots.length; i++) {
      spots[i] =
          new double[] {
            200 * random.nextDouble(),
            200 * random.nextDouble(),
            20 + 50 * random.nextDouble(),
            60 + 120 * random.nextDouble()
          };
    }
    return (x, y) -> {
      double light = 20;
      for (double[] spot : spots) {
        double distance = Math.hypot(x - spot[0], y - spot[1]) / spot[2];
        light += spot[3] * Math.exp(-distance * distance);
      }
      int grey = (int) Math.min(255, light);
      return grey << 16 | grey << 8 | grey / 2;
    };
  }
}
