package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Random changes of a file's bytes give an image or a reason, never another exception. */
class ImageDecoderFuzzTest {
  private static final int MUTATIONS = 2_000;
  private static final int SIDE = 16;

  static Stream<Arguments> files() {
    List<Arguments> files = new ArrayList<>();
    ImageDecoderTest.formats()
        .forEach(format -> files.add(Arguments.of(format.get()[0], format.get()[2])));
    return files.stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void aMutatedFileIsAPictureOrRefused(String name, byte[] file) throws Exception {
    Random random = new Random(name.hashCode());
    DecodeLimits limits = new DecodeLimits(1 << 20, 1 << 20);
    int pictures = 0;
    int refused = 0;
    try (ImageDecoder decoder = new ImageDecoder(SIDE, SIDE, Views.CENTER, limits)) {
      byte[] expected = decoder.decode(file);
      for (int i = 0; i < MUTATIONS; i++) {
        try {
          byte[] pixels = decoder.decode(mutate(file, random));
          assertThat(pixels).hasSize(SIDE * SIDE * 3);
          pictures++;
        } catch (UnreadableImageException e) {
          assertThat(e.reason()).isNotBlank().doesNotContain("\n");
          refused++;
        }
      }
      assertThat(pictures + refused).isEqualTo(MUTATIONS);
      assertThat(refused).isPositive();
      assertThat(decoder.decode(file)).isEqualTo(expected);
    }
  }

  private static byte[] mutate(byte[] file, Random random) {
    byte[] mutated = file.clone();
    switch (random.nextInt(5)) {
      case 0 -> mutated = Arrays.copyOf(file, random.nextInt(file.length));
      case 1 -> {
        int from = random.nextInt(file.length);
        int length = Math.min(1 + random.nextInt(32), file.length - from);
        mutated = new byte[file.length - length];
        System.arraycopy(file, 0, mutated, 0, from);
        System.arraycopy(file, from + length, mutated, from, mutated.length - from);
      }
      case 2 -> {
        // Most of what a header says lies in the first bytes.
        for (int i = random.nextInt(4); i >= 0; i--) {
          mutated[random.nextInt(Math.min(80, mutated.length))] = (byte) random.nextInt(256);
        }
      }
      case 3 -> {
        for (int i = random.nextInt(16); i >= 0; i--) {
          mutated[random.nextInt(mutated.length)] ^= (byte) (1 << random.nextInt(8));
        }
      }
      default -> {
        for (int i = random.nextInt(4); i >= 0; i--) {
          int at = random.nextInt(mutated.length);
          mutated[at] = (byte) (random.nextBoolean() ? 0xff : random.nextInt(256));
        }
      }
    }
    return mutated;
  }
}
