package io.tagstream.producers.drawn;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.LongStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

final class DrawnScenesTest {

  private final DrawnScenes scenes = new DrawnScenes(7);

  @Test
  void showsEachKindOnceInTen() {
    assertThat(LongStream.range(40, 50).mapToObj(n -> scenes.scene(n).label()))
        .containsExactlyInAnyOrderElementsOf(DrawnScenes.LABELS);
    assertThat(LongStream.range(40, 50).mapToObj(n -> scenes.scene(n).label()).toList())
        .isNotEqualTo(LongStream.range(50, 60).mapToObj(n -> scenes.scene(n).label()).toList());
  }

  @Test
  void isAFunctionOfSeedAndNumber() {
    assertThat(new DrawnScenes(7).scene(123)).isEqualTo(scenes.scene(123));
    assertThat(new DrawnScenes(8).scene(123).jpeg()).isNotEqualTo(scenes.scene(123).jpeg());
    assertThat(new HashSet<>(LongStream.range(0, 200).mapToObj(n -> scenes.scene(n)).toList()))
        .hasSize(200);
  }

  @Test
  void drawsPhotoSizedJpegs() throws IOException {
    Set<Boolean> upright = new HashSet<>();
    for (long number = 0; number < 50; number++) {
      byte[] jpeg = new byte[scenes.scene(number).jpeg().remaining()];
      scenes.scene(number).jpeg().get(jpeg);
      BufferedImage image = ImageIO.read(new ByteArrayInputStream(jpeg));
      upright.add(image.getHeight() > image.getWidth());
      assertThat(Math.max(image.getWidth(), image.getHeight())).isBetween(320, 500);
      assertThat(Math.min(image.getWidth(), image.getHeight())).isBetween(240, 375);
    }
    assertThat(upright).hasSize(2);
  }
}
