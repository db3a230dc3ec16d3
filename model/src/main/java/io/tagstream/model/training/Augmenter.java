package io.tagstream.model.training;

import io.tagstream.model.image.ColorChange;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.RgbImage;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.store.Preprocessing;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * Decodes and augments the images of an epoch. The result for an image is a function of seed, epoch
 * and image id, independent of the thread.
 *
 * @param epoch from 1
 */
record Augmenter(
    Augmentation augmentation,
    PrincipalColors principalColors,
    Preprocessing preprocessing,
    long seed,
    int epoch)
    implements ImagePrefetcher.Extraction<byte[]> {

  /** Returns one view, {@code [S][S][3]}. */
  @Override
  public byte[] extract(LabelledImage image, byte[] encoded, ImageDecoder decoder)
      throws UnreadableImageException {
    Random random = random(image.id());
    int side = preprocessing.crop();
    boolean flip = random.nextBoolean() && augmentation.mirrors();
    ColorChange colors = augmentation.colors(random, principalColors);
    RgbImage crop =
        decoder.decodeRegion(
            encoded,
            (width, height) ->
                augmentation.crop(width, height, preprocessing.resize(), side, random),
            colors);
    return flip ? crop.crop(0, 0, side, true) : crop.pixels();
  }

  private Random random(String imageId) {
    CRC32C id = new CRC32C();
    id.update(imageId.getBytes(StandardCharsets.UTF_8));
    return new Random(Seeds.mix(seed, epoch, id.getValue()));
  }
}
