package io.tagstream.model.report;

import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.LayerTable;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Towers;
import io.tagstream.pages.Markup;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Draws the paper's figure 2 for any network of two towers: both towers from the image to the
 * classes, what each layer computes, and what the towers exchange. The SVG file loads nothing.
 */
public final class TowerDiagram {
  private static final int BOX_WIDTH = 132;
  private static final int BOX_HEIGHT = 92;
  private static final int BETWEEN = 58;
  private static final int LEFT = 16;
  private static final int TOP = 48;
  private static final int ROWS_APART = 64;
  private static final int LINE = 15;

  private final Towers towers;
  private final NetworkDescription network;
  private final StringBuilder out = new StringBuilder();

  /**
   * A layer's box, the same in both rows.
   *
   * @param lines the text in the box
   * @param crosses whether the layer reads both towers
   * @param sent what each tower sends to the other for this layer, in words; empty if nothing
   */
  private record Box(List<String> lines, boolean crosses, String sent) {}

  private TowerDiagram(Towers towers) {
    this.towers = towers;
    this.network = towers.network();
  }

  /**
   * Draws the network; encode the SVG as UTF-8.
   *
   * @throws IllegalArgumentException if the network does not have two towers
   */
  public static String svg(NetworkDescription network) {
    return new TowerDiagram(new Towers(network)).svg();
  }

  private String svg() {
    List<Box> boxes = boxes();
    int width = 2 * LEFT + (boxes.size() + 2) * (BOX_WIDTH + BETWEEN) - BETWEEN;
    int height = TOP + 2 * BOX_HEIGHT + ROWS_APART + 40;
    out.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" \
        role="img" aria-label="%s">
        <style>
        svg { color-scheme: light dark; font: 12px system-ui, "DejaVu Sans", sans-serif; }
        rect { fill: #fffffb; stroke: #5d6066; }
        text { fill: #1c1d1f; text-anchor: middle; }
        .name { font-weight: 600; }
        .soft { fill: #5d6066; }
        .own { stroke: #5d6066; stroke-width: 1.2; }
        .cross { stroke: #a8501a; stroke-width: 1.4; }
        .sent { fill: #a8501a; }
        @media (prefers-color-scheme: dark) {
          rect { fill: #17181b; stroke: #a3a5aa; }
          text { fill: #e6e5e1; }
          .soft { fill: #a3a5aa; }
          .own { stroke: #a3a5aa; }
          .cross { stroke: #e79a63; }
          .sent { fill: #e79a63; }
        }
        </style>
        """
            .formatted(width, height, width, height, Markup.text(description())));
    text(width / 2, 20, "soft", description());
    single(
        0, List.of("image", "3 × %1$d × %1$d".formatted(network.inputSize()), "red, green, blue"));
    for (int i = 0; i < boxes.size(); i++) {
      both(i + 1, boxes.get(i));
    }
    single(
        boxes.size() + 1, List.of("softmax", Markup.count(network.classes(), "class", "classes")));
    for (int row = 0; row < Towers.COUNT; row++) {
      line("own", right(0), middle(), left(1), middle(row));
      line("own", right(boxes.size()), middle(row), left(boxes.size() + 1), middle());
    }
    for (int row = 0; row < Towers.COUNT; row++) {
      text(LEFT + BOX_WIDTH / 2, row == 0 ? TOP + LINE : bottom(1), "soft", "tower " + (row + 1));
    }
    return out.append("</svg>\n").toString();
  }

  private String description() {
    return "%s parameters, %s multiply-adds per image; each tower sends the other %s bytes per image in the forward pass"
        .formatted(
            Markup.count(network.parameterCount()),
            Markup.count(LayerTable.of(network).multiplyAdds()),
            Markup.count(towers.exchangedBytesInAll()));
  }

  private List<Box> boxes() {
    Map<String, Long> bytes = towers.exchangedBytes();
    List<Box> boxes = new ArrayList<>();
    int side = network.inputSize();
    for (int i = 0; i < network.convolutions().size(); i++) {
      Convolution layer = network.convolutions().get(i);
      int convolved = layer.convolvedSide(side);
      List<String> lines = new ArrayList<>();
      lines.add(layer.name());
      lines.add("%d × %d × %d".formatted(layer.channels() / Towers.COUNT, convolved, convolved));
      lines.add(
          "%1$d × %1$d%2$s, %3$s"
              .formatted(
                  layer.kernel(),
                  layer.stride() > 1 ? " every " + layer.stride() : "",
                  layer.activation().name().toLowerCase(Locale.ROOT)));
      layer
          .normalization()
          .ifPresent(lrn -> lines.add("LRN, " + lrn.scope().name().toLowerCase(Locale.ROOT)));
      layer
          .pool()
          .ifPresent(pool -> lines.add("max pool %d / %d".formatted(pool.size(), pool.stride())));
      boxes.add(box(lines, towers.readsBoth(i), layer.name(), bytes));
      side = layer.outputSide(side);
    }
    for (Dense layer : network.dense()) {
      List<String> lines = new ArrayList<>();
      lines.add(layer.name());
      lines.add(Markup.count((layer.units() + 1) / Towers.COUNT, "unit", "units"));
      if (layer.dropout() > 0) {
        lines.add("dropout " + layer.dropout());
      }
      boxes.add(box(lines, true, layer.name(), bytes));
    }
    return boxes;
  }

  private static Box box(
      List<String> lines, boolean crosses, String layer, Map<String, Long> bytes) {
    return new Box(lines, crosses, crosses ? Markup.fixed(bytes.get(layer) / 1e3, 1) + " KB" : "");
  }

  private void both(int column, Box box) {
    for (int row = 0; row < Towers.COUNT; row++) {
      rectangle(column, row * (BOX_HEIGHT + ROWS_APART), box.lines());
      if (column > 1) {
        line("own", right(column - 1), middle(row), left(column), middle(row));
        if (box.crosses()) {
          line("cross", right(column - 1), middle(row), left(column), middle(1 - row));
        }
      }
    }
    if (box.crosses()) {
      text(left(column) - BETWEEN / 2, middle(1) + LINE + 3, "sent", box.sent());
    }
  }

  private void single(int column, List<String> lines) {
    rectangle(column, (BOX_HEIGHT + ROWS_APART) / 2, lines);
  }

  private void rectangle(int column, int down, List<String> lines) {
    out.append(
        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>\n"
            .formatted(left(column), TOP + down, BOX_WIDTH, BOX_HEIGHT));
    int first = TOP + down + (BOX_HEIGHT - LINE * lines.size()) / 2 + 12;
    for (int i = 0; i < lines.size(); i++) {
      text(left(column) + BOX_WIDTH / 2, first + i * LINE, i == 0 ? "name" : "soft", lines.get(i));
    }
  }

  private void text(int x, int y, String kind, String text) {
    out.append(
        "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n"
            .formatted(kind, x, y, Markup.text(text)));
  }

  private void line(String kind, int fromX, int fromY, int toX, int toY) {
    out.append(
        "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n"
            .formatted(kind, fromX, fromY, toX, toY));
  }

  private static int left(int column) {
    return LEFT + column * (BOX_WIDTH + BETWEEN);
  }

  private static int right(int column) {
    return left(column) + BOX_WIDTH;
  }

  private static int middle(int row) {
    return TOP + row * (BOX_HEIGHT + ROWS_APART) + BOX_HEIGHT / 2;
  }

  private static int middle() {
    return (middle(0) + middle(1)) / 2;
  }

  private static int bottom(int row) {
    return TOP + row * (BOX_HEIGHT + ROWS_APART) + BOX_HEIGHT;
  }
}
