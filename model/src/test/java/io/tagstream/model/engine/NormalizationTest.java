package io.tagstream.model.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Preprocessing.ChannelOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class NormalizationTest {
  /**
   * Two views of 2 x 2; red, green and blue of a pixel are its number with 0, 100 and 200 added.
   */
  private static final byte[] IMAGE = {
    1, 101, (byte) 201, 2, 102, (byte) 202, 3, 103, (byte) 203, 4, 104, (byte) 204, //
    5, 105, (byte) 205, 6, 106, (byte) 206, 7, 107, (byte) 207, 8, 108, (byte) 208
  };

  private final CropBatch batch = new CropBatch(List.of(IMAGE), 2, 12);

  private static Normalization normalization(ChannelOrder order, double scale) {
    return new Normalization(
        new Preprocessing(2, 2, order, scale, List.of(0.0, 10.0, 20.0), List.of(1.0, 2.0, 4.0)));
  }

  @Test
  void interleavedKeepsPixelsTogether() {
    FloatBuffer target = FloatBuffer.allocate(12);
    normalization(ChannelOrder.RGB, 1).interleaved(batch, 1, 1, target);
    assertThat(target.array())
        .containsExactly(5, 47.5f, 46.25f, 6, 48, 46.5f, 7, 48.5f, 46.75f, 8, 49, 47);
  }

  @Test
  void cropsFollowOneAnother() {
    FloatBuffer target = FloatBuffer.allocate(24);
    normalization(ChannelOrder.RGB, 1).interleaved(batch, 0, 2, target);
    assertThat(target.get(0)).isEqualTo(1);
    assertThat(target.get(12)).isEqualTo(5);
  }

  @Test
  void planarKeepsChannelsTogether() {
    FloatBuffer target = FloatBuffer.allocate(13);
    normalization(ChannelOrder.RGB, 1).planar(batch, 1, target, 1);
    assertThat(target.array())
        .containsExactly(0, 5, 6, 7, 8, 47.5f, 48, 48.5f, 49, 46.25f, 46.5f, 46.75f, 47);
  }

  @Test
  void bgrReversesChannelsButNotTheirMeans() {
    FloatBuffer target = FloatBuffer.allocate(12);
    normalization(ChannelOrder.BGR, 1).interleaved(batch, 0, 1, target);
    assertThat(target.array()).startsWith(201, 45.5f, -4.75f);
    normalization(ChannelOrder.BGR, 1).planar(batch, 0, target, 0);
    assertThat(target.array()).startsWith(201, 202, 203, 204, 45.5f);
  }

  @Test
  void scaleComesBeforeTheMean() {
    FloatBuffer target = FloatBuffer.allocate(12);
    normalization(ChannelOrder.RGB, 0.5).interleaved(batch, 0, 1, target);
    assertThat(target.array()).startsWith(0.5f, 20.25f, 20.125f);
  }
}
