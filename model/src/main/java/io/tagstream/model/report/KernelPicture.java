package io.tagstream.model.report;

import io.tagstream.model.image.ImageEncoder;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing.ChannelOrder;
import io.tagstream.pages.Markup;
import java.util.List;

/**
 * A picture of one tower's kernels in the first convolution, for a page.
 *
 * @param kernels the number of kernels
 * @param full the weight that is drawn as a full colour
 * @param width of the picture, in pixels
 * @param height of the picture, in pixels
 * @param uri the picture, a {@code data:} URI of a PNG
 */
public record KernelPicture(int kernels, double full, int width, int height, String uri) {

  /** One picture per tower, as in the paper's figure 3. */
  public static List<KernelPicture> of(Weights weights, ChannelOrder order) {
    return KernelSheet.of(weights, order).stream()
        .map(
            sheet ->
                new KernelPicture(
                    sheet.kernels(),
                    sheet.full(),
                    sheet.image().width(),
                    sheet.image().height(),
                    Markup.dataUri("image/png", ImageEncoder.png(sheet.image()))))
        .toList();
  }

  /** Renders the pictures of all towers, one below the other. */
  static String html(List<KernelPicture> towers) {
    StringBuilder out = new StringBuilder("<div class=\"towers\">\n");
    for (int i = 0; i < towers.size(); i++) {
      KernelPicture tower = towers.get(i);
      String what =
          Markup.count(tower.kernels(), "kernel", "kernels")
              + (towers.size() > 1 ? " of tower " + (i + 1) : "");
      out.append(
          """
          <figure><figcaption>%s; grey is 0, a full colour %s or more</figcaption>
          <img width="%s" height="%s" alt="The first layer's %s" src="%s"/></figure>
          """
              .formatted(
                  what,
                  Markup.significant(tower.full()),
                  tower.width(),
                  tower.height(),
                  what,
                  tower.uri()));
    }
    return out.append("</div>\n").toString();
  }
}
