package io.tagstream.model.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.image.RgbImage;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing.ChannelOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KernelSheetTest {
  private static final int GAP = KernelSheet.GAP;

  /** Two towers of one kernel each; kernels of 1 x 2 x 2 would be [color][row][column]. */
  private static final float[] TWO_KERNELS = {
    // Red, green, blue of the first, rows of two.
    1,
    -1,
    0,
    0.5f,
    0,
    0,
    0,
    0,
    -1,
    0,
    0,
    0,
    // The second is weaker, but its picture is scaled separately.
    0,
    0,
    0,
    0.1f,
    0,
    0,
    0,
    -0.1f,
    0,
    0,
    0,
    0
  };

  @Test
  void eachTowerIsAPictureInItsOwnScale() {
    List<KernelSheet> sheets = sheets(2, 2, 2, TWO_KERNELS, ChannelOrder.RGB);

    assertThat(sheets).extracting(KernelSheet::kernels).containsExactly(1, 1);
    assertThat(sheets).extracting(KernelSheet::full).containsExactly(1.0, (double) 0.1f);
    RgbImage first = sheets.get(0).image();
    assertThat(first.width()).isEqualTo(44 + 2 * GAP);
    assertThat(first.height()).isEqualTo(44 + 2 * GAP);
    // Nearest neighbour: 22 pixels per weight, uniform from edge to edge.
    for (int at : List.of(0, 21)) {
      assertThat(rgb(first, GAP + at, GAP + at)).containsExactly(255, 128, 1);
      assertThat(rgb(first, GAP + 22 + at, GAP + at)).containsExactly(1, 128, 128);
      assertThat(rgb(first, GAP + at, GAP + 22 + at)).containsExactly(128, 128, 128);
      assertThat(rgb(first, GAP + 22 + at, GAP + 22 + at)).containsExactly(192, 128, 128);
    }
    assertThat(rgb(first, GAP - 1, GAP)).containsExactly(24, 24, 24);
    assertThat(rgb(first, GAP + 44, GAP)).containsExactly(24, 24, 24);
    assertThat(rgb(sheets.get(1).image(), GAP + 43, GAP + 43)).containsExactly(255, 1, 128);
  }

  @Test
  void aNetworkThatReadsBlueFirstIsShownInItsColors() {
    RgbImage first = sheets(2, 2, 2, TWO_KERNELS, ChannelOrder.BGR).get(0).image();

    assertThat(rgb(first, GAP, GAP)).containsExactly(1, 128, 255);
  }

  @Test
  void aNetworkWithoutGroupsIsOnePicture() {
    List<KernelSheet> oneGroup = sheets(2, 2, 1, TWO_KERNELS, ChannelOrder.RGB);
    List<KernelSheet> oneLayer = sheets(2, 2, 0, TWO_KERNELS, ChannelOrder.RGB);

    for (List<KernelSheet> sheets : List.of(oneGroup, oneLayer)) {
      assertThat(sheets).singleElement().extracting(KernelSheet::kernels).isEqualTo(2);
      RgbImage image = sheets.get(0).image();
      assertThat(image.width()).isEqualTo(2 * 44 + 3 * GAP);
      assertThat(rgb(image, 2 * GAP + 44 + 43, GAP + 43)).containsExactly(141, 115, 128);
    }
  }

  @Test
  void ninetySixKernelsAreTwiceThreeRowsAsInThePaper() {
    NetworkDescription network = NetworkDescription.alexNet(2, 0.01);
    assertThat(KernelSheet.of(Initialisation.HE.draw(network, 1), ChannelOrder.RGB)).hasSize(2);

    List<KernelSheet> sheets = sheets(96, 11, 2, new float[96 * 3 * 121], ChannelOrder.RGB);

    assertThat(sheets).extracting(KernelSheet::kernels).containsExactly(48, 48);
    assertThat(sheets)
        .allSatisfy(
            sheet -> {
              assertThat(sheet.image().width()).isEqualTo(16 * 48 + GAP);
              assertThat(sheet.image().height()).isEqualTo(3 * 48 + GAP);
            });
  }

  @Test
  void aLastRowMayBeShort() {
    RgbImage image = sheets(17, 11, 1, new float[17 * 3 * 121], ChannelOrder.RGB).get(0).image();

    assertThat(image.height()).isEqualTo(2 * 48 + GAP);
    assertThat(rgb(image, GAP, 48 + GAP)).containsExactly(128, 128, 128);
    assertThat(rgb(image, 48 + GAP, 48 + GAP)).containsExactly(24, 24, 24);
  }

  @Test
  void oneStrongWeightLeavesTheOthersToBeSeen() {
    float[] weights = new float[2 * 3 * 121];
    Arrays.fill(weights, 0.1f);
    weights[0] = -7;

    KernelSheet sheet = sheets(2, 11, 1, weights, ChannelOrder.RGB).get(0);

    assertThat(sheet.full()).isEqualTo(0.1f);
    assertThat(rgb(sheet.image(), GAP, GAP)).containsExactly(1, 255, 255);
  }

  @Test
  void wideKernelsAreNotShrunk() {
    RgbImage image = sheets(1, 14, 0, new float[3 * 196], ChannelOrder.RGB).get(0).image();

    assertThat(image.width()).isEqualTo(3 * 14 + 2 * GAP);
  }

  private static List<KernelSheet> sheets(
      int kernels, int side, int towers, float[] conv1, ChannelOrder order) {
    NetworkDescription network = Drawn.network(kernels, side, towers, 2);
    Weights drawn = Initialisation.HE.draw(network, 1);
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      values.put(parameter.name(), drawn.get(parameter.name()));
    }
    values.put("conv1.weight", FloatBuffer.wrap(conv1));
    return KernelSheet.of(new Weights(network, values), order);
  }

  private static int[] rgb(RgbImage image, int x, int y) {
    int[] rgb = new int[3];
    for (int color = 0; color < 3; color++) {
      rgb[color] = image.pixels()[(y * image.width() + x) * 3 + color] & 0xff;
    }
    return rgb;
  }
}
