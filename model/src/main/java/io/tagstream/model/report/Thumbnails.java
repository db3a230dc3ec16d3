package io.tagstream.model.report;

import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.ImageEncoder;
import io.tagstream.model.image.RgbImage;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;
import io.tagstream.model.report.LabelledPrediction.EncodedImage;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.pages.Markup;
import java.io.IOException;

/** Makes small pictures of the network's input: the centre crop of an image. */
final class Thumbnails implements AutoCloseable {
  /** The side of a thumbnail, in pixels. */
  static final int SIDE = 160;

  private static final int QUALITY = 80;

  private final ImageDecoder decoder;

  Thumbnails(Preprocessing preprocessing) {
    long resize = Math.round((double) SIDE * preprocessing.resize() / preprocessing.crop());
    this.decoder =
        new ImageDecoder(Math.toIntExact(resize), SIDE, Views.CENTER, DecodeLimits.DEFAULT);
  }

  /** Renders a thumbnail as a {@code data:} URI of a JPEG. */
  String of(EncodedImage image) throws IOException, UnreadableImageException {
    RgbImage crop = new RgbImage(SIDE, SIDE, decoder.decode(image.read()));
    return Markup.dataUri("image/jpeg", ImageEncoder.jpeg(crop, QUALITY));
  }

  @Override
  public void close() {
    decoder.close();
  }
}
