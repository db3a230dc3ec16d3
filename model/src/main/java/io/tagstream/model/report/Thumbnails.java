package io.tagstream.model.report;

import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.ImageEncoder;
import io.tagstream.model.image.RgbImage;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;
import io.tagstream.model.report.Answer.EncodedPicture;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.pages.Markup;
import java.io.IOException;

/** Small pictures of what the network sees of an image: the crop of its centre. */
final class Thumbnails implements AutoCloseable {
  /** Pixels, of either side. */
  static final int SIDE = 160;

  private static final int QUALITY = 80;

  private final ImageDecoder decoder;

  Thumbnails(Preprocessing preprocessing) {
    long resize = Math.round((double) SIDE * preprocessing.resize() / preprocessing.crop());
    this.decoder =
        new ImageDecoder(Math.toIntExact(resize), SIDE, Views.CENTER, DecodeLimits.DEFAULT);
  }

  /** A {@code data:} URI of a JPEG. */
  String of(EncodedPicture picture) throws IOException, UnreadableImageException {
    RgbImage image = new RgbImage(SIDE, SIDE, decoder.decode(picture.read()));
    return Markup.dataUri("image/jpeg", ImageEncoder.jpeg(image, QUALITY));
  }

  @Override
  public void close() {
    decoder.close();
  }
}
