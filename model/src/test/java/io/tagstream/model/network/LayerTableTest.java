package io.tagstream.model.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.network.LayerTable.Row;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayerTableTest {
  private final LayerTable paper = LayerTable.of(NetworkDescription.alexNet(1000));

  @Test
  void eachLayerMatchesThePaper() {
    assertThat(paper.rows())
        .containsExactly(
            new Row("conv1", List.of(96, 55, 55), 34_944, 105_415_200),
            new Row("conv2", List.of(256, 27, 27), 307_456, 223_948_800),
            new Row("conv3", List.of(384, 13, 13), 885_120, 149_520_384),
            new Row("conv4", List.of(384, 13, 13), 663_936, 112_140_288),
            new Row("conv5", List.of(256, 13, 13), 442_624, 74_760_192),
            new Row("fc6", List.of(4096), 37_752_832, 37_748_736),
            new Row("fc7", List.of(4096), 16_781_312, 16_777_216),
            new Row("fc8", List.of(1000), 4_097_000, 4_096_000));
  }

  @Test
  void totalsMatchThePaper() {
    assertThat(paper.parameters()).isEqualTo(60_965_224);
    assertThat(paper.multiplyAdds()).isEqualTo(724_406_816);
    assertThat(paper.bytes()).isEqualTo(4 * 60_965_224L);
    assertThat(paper.neurons()).isEqualTo(659_272);
  }

  @Test
  void withoutGroupsItGrows() {
    NetworkDescription grouped = NetworkDescription.alexNet(1000);
    List<Convolution> convolutions =
        grouped.convolutions().stream()
            .map(
                layer ->
                    new Convolution(
                        layer.name(),
                        layer.channels(),
                        layer.kernel(),
                        layer.stride(),
                        layer.padding(),
                        1,
                        layer.activation(),
                        layer.normalization(),
                        layer.pool()))
            .toList();
    LayerTable table =
        LayerTable.of(new NetworkDescription(grouped.inputSize(), convolutions, grouped.dense()));
    assertThat(table.parameters()).isEqualTo(62_378_344);
    assertThat(table.multiplyAdds()).isEqualTo(1_135_256_096);
  }
}
